"""Calls and drawings in plain text: what every format for people is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.units import PAGE
from mremapcheck.scenario.drawing import compact
from mremapcheck.scenario.operations import Mmap, Mremap, Munmap
from mremapcheck.scenario.picture import call
from mremapcheck.text.terminal import one_line

if TYPE_CHECKING:
    from mremapcheck.report.base import Output
    from mremapcheck.scenario.document import Scenario

#: What a mail can carry.
WIDTH = 78


def calls(scenario: Scenario) -> list[str]:
    """Return the scenario's script, one call a line; several moves are numbered as ``expect`` numbers them."""
    many = sum(isinstance(item, Mremap) for item in scenario.script) > 1
    lines, index = [], 0
    for item in scenario.script:
        number = f"moves[{index}]: " if many and isinstance(item, Mremap) else ""
        index += isinstance(item, Mremap)
        lines.append(number + call(item))
    return lines


def before(scenario: Scenario) -> dict[str, str]:
    """Draw every region as it is when the first move begins; ``mmap`` and ``munmap`` before it are carried out."""
    drawings = {}
    for region in scenario.regions:
        drawings[region.name] = ["."] * region.pages
        for run in region.runs:
            drawings[region.name][run.start : run.start + run.pages] = run.letter * run.pages
    for item in scenario.script:
        if isinstance(item, Mremap):
            break
        if isinstance(item, Mmap | Munmap) and item.address.region is not None:
            drawing = drawings[item.address.region]
            first, pages = item.address.offset // PAGE, -(-item.size // PAGE)
            drawing += "." * (first + pages - len(drawing))
            mark = item.letter if isinstance(item, Mmap) else "."
            for n in range(max(first, 0), first + pages):
                drawing[n] = mark
    return {name: "".join(drawing) for name, drawing in drawings.items()}


def shorten(drawing: str, room: int) -> str:
    """Return the drawing, with long runs written ``A{512}`` where it needs more than ``room`` characters."""
    return drawing if len(drawing) <= room else compact(drawing)


def align(drawings: Mapping[str, str], regions: Iterable[str]) -> dict[str, str]:
    """Return the drawing of each of ``regions``, a missing one as nothing mapped."""
    return {region: drawings.get(region, "") or "." for region in regions}


def drawing_block(
    columns: Sequence[tuple[str, Mapping[str, str]]], rows: Sequence[str], marked: Iterable[str] = ()
) -> list[str]:
    """Draw ``rows`` (region names, errno ...) with a column each, side by side, or stacked where that is too wide.

    Rows in ``marked`` begin with ``!``.
    """
    marked = set(marked)
    names = max(len(row) for row in [*rows, ""])
    room = max((WIDTH - names - 6) // len(columns) - 2, 8)
    table = [[shorten(values.get(row, ""), room) for _, values in columns] for row in rows]
    widths = [max(len(text) for text in [title, *cells]) for (title, _), *cells in zip(columns, *table, strict=True)]
    if 4 + names + sum(width + 2 for width in widths) > WIDTH:
        return _stacked(columns, rows, marked)
    lines = [_join("", names, [title for title, _ in columns], widths)]
    for row, cells in zip(rows, table, strict=True):
        lines.append(_join(row, names, cells, widths, "!" if row in marked else " "))
    return lines


def _join(row: str, names: int, cells: Sequence[str], widths: Sequence[int], mark: str = " ") -> str:
    text = "".join(f"  {cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{mark} {row:<{names}}{text}".rstrip()


def _stacked(columns: Sequence[tuple[str, Mapping[str, str]]], rows: Sequence[str], marked: set[str]) -> list[str]:
    titles = max(len(title) for title, _ in columns)
    names = max(len(row) for row in rows)
    lines = []
    for row in rows:
        name, mark = row, "!" if row in marked else " "
        for title, values in columns:
            if text := shorten(values.get(row, ""), WIDTH - names - titles - 6):
                lines.append(f"{mark} {name:<{names}}  {title:<{titles}}  {text}".rstrip())
                name, mark = "", " "
    return lines


def wrapped(text: str, first: str = "", rest: str = "  ") -> list[str]:
    """Return text in lines that a mail can carry, cut between words only; they begin with ``first`` and ``rest``."""
    from textwrap import wrap

    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def terminal_width(out: Output) -> int:
    """Return how many characters a line may have: those of the terminal, and any number where there is none."""
    if not getattr(out, "isatty", bool)():
        return 1 << 16
    from shutil import get_terminal_size

    return get_terminal_size((WIDTH, 24)).columns


def clip(text: str, width: int) -> str:
    """Return a file's words in one line of at most ``width`` characters."""
    return cut(one_line(text), width)


def counted(count: int, word: str) -> str:
    """Return ``1 scenario``, ``2 scenarios``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def cut(line: str, width: int) -> str:
    """Return a line, of at most ``width`` characters."""
    return line if len(line) <= width else line[: max(width - 3, 0)] + "..."
