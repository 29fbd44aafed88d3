"""Calls and drawings in plain text: what every format for people is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.report.style import WIDTH, Style
from mremapcheck.scenario import picture
from mremapcheck.scenario.drawing import EXPANDED, compact

if TYPE_CHECKING:
    from mremapcheck.report.base import Output
    from mremapcheck.scenario.document import Scenario

#: A column of a drawing: its title, and what it shows in each row.
Column = tuple[str, Mapping[str, str]]


def calls(scenario: Scenario) -> list[str]:
    """Return the scenario's script, one call a line, below the conditions of its process.

    Several moves are numbered as ``expect`` numbers them.
    """
    return [one_line(line) for line in (*picture.conditions(scenario).splitlines(), *picture.calls(scenario))]


def shorten(drawing: str, room: int) -> str:
    """Return the drawing, with long runs written ``A{512}`` where it needs more than ``room`` characters."""
    return drawing if len(drawing) <= room else compact(drawing)


def align(drawings: Mapping[str, str], regions: Iterable[str]) -> dict[str, str]:
    """Return the drawing of each of ``regions``, a missing one as nothing mapped."""
    return {region: drawings.get(region, "") or "." for region in regions}


def drawing_block(
    columns: Sequence[Column], rows: Sequence[str], marked: Iterable[str] = (), style: Style | None = None
) -> list[str]:
    """Draw ``rows`` (region names, errno ...) with a column each, side by side, or stacked where that is too wide.

    Rows in ``marked`` begin with ``!``; where there are colours, what differs in the last two columns is painted.
    Of no rows nothing is drawn.
    """
    if not rows:
        return []
    style = style or Style()
    width = style.width - 2  # whoever uses a block indents it
    marked = set(marked)
    names = max(len(row) for row in rows)
    room = max((width - names - 4) // max(len(columns), 1) - 2, 8)
    table = [[shorten(values.get(row, ""), room) for _, values in columns] for row in rows]
    widths = [max(len(text) for text in [title, *cells]) for (title, _), *cells in zip(columns, *table, strict=True)]
    if 2 + names + sum(width + 2 for width in widths) > width:
        return _stacked(columns, rows, marked, style)
    lines = [_join("", names, [title for title, _ in columns], widths)]
    for row, cells in zip(rows, table, strict=True):
        painted = _differences(cells, style) if row in marked else cells
        lines.append(
            _join(row, names, painted, [w + len(p) - len(c) for w, p, c in zip(widths, painted, cells, strict=True)])
        )
        if row in marked:
            lines[-1] = style.paint("strong", "!") + lines[-1][1:]
    return lines


def _differences(cells: Sequence[str], style: Style) -> list[str]:
    """Paint what differs in the last two cells: single pages where both draw as many, else all of them."""
    if len(cells) < 2:
        return list(cells)
    one, two = cells[-2:]
    if len(one) != len(two) or not EXPANDED.fullmatch(one + two):
        return [*cells[:-2], style.paint("bad", one), style.paint("bad", two)]
    pairs = zip(one, two, strict=True)
    runs = [(differ, list(run)) for differ, run in groupby(pairs, lambda pair: pair[0] != pair[1])]
    sides = ["", ""]
    for differ, run in runs:
        for side in (0, 1):
            text = "".join(pair[side] for pair in run)
            sides[side] += style.paint("bad", text) if differ else text
    return [*cells[:-2], *sides]


def _join(row: str, names: int, cells: Sequence[str], widths: Sequence[int]) -> str:
    text = "".join(f"  {cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"  {row:<{names}}{text}".rstrip()


def _stacked(columns: Sequence[Column], rows: Sequence[str], marked: set[str], style: Style) -> list[str]:
    titles = max(len(title) for title, _ in columns)
    names = max(len(row) for row in rows)
    lines = []
    for row in rows:
        name, mark = row, style.paint("strong", "!") if row in marked else " "
        for title, values in columns:
            if text := shorten(values.get(row, ""), style.width - names - titles - 8):
                lines.append(f"{mark} {name:<{names}}  {title:<{titles}}  {text}".rstrip())
                name, mark = "", " "
    return lines


def wrapped(text: str, first: str = "", rest: str = "  ", width: int = WIDTH) -> list[str]:
    """Return text in lines of ``width``, cut between words only; they begin with ``first`` and ``rest``."""
    from textwrap import wrap

    return wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def listed(items: Iterable[str], first: str = "", rest: str = "  ", width: int = WIDTH) -> list[str]:
    """Return items separated by commas in lines of ``width``, none of them cut in two."""
    whole = ", ".join(item.replace(" ", "\0") for item in items)
    return [line.replace("\0", " ") for line in wrapped(whole, first, rest, width)]


def terminal_width(out: Output) -> int:
    """Return how many characters a line may have: those of the terminal, and any number where there is none."""
    if not getattr(out, "isatty", bool)():
        return 1 << 16
    from shutil import get_terminal_size

    return get_terminal_size((WIDTH, 24)).columns


def clip(text: str, width: int) -> str:
    """Return a file's words in one line of at most ``width`` characters."""
    return cut(one_line(text), width)


def cut(line: str, width: int) -> str:
    """Return a line, of at most ``width`` characters."""
    return line if len(line) <= width else line[: max(width - 3, 0)] + "..."
