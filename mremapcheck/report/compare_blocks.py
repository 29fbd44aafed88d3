"""A comparison as lines for people: the drawings side by side, what differs, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.comparison import names_of
from mremapcheck.report.before import before
from mremapcheck.report.blocks import PARAGRAPH, change_text, heading, indented, kernel_log_lines, move_rows, regions_of
from mremapcheck.report.style import WIDTH, Style
from mremapcheck.report.text import align, drawing_block, wrapped
from mremapcheck.scenario.drawing import compact

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.difference import Difference
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.outcome import Outcome

_PLAIN = Style()


def comparison_block(comparison: Comparison, kernels: Sequence[Kernel], style: Style = _PLAIN) -> list[str]:
    """Draw before, on A and on B side by side, with errno and verdict, then each difference and its cause."""
    a, b = comparison.a.outcome, comparison.b.outcome
    if a is None or b is None:
        return [f"  {one_line(line)}" for line in (comparison.reason or "").splitlines()]
    name_a, name_b = names_of(kernels)
    lines = [*heading(comparison.scenario, style), "", *comparison_drawing(comparison, kernels, style), ""]
    lines += difference_lines(comparison.differences, style.width)
    lines += [line for name, side in ((name_a, a), (name_b, b)) for line in kernel_log_lines(name, side)]
    for suspect in comparison.suspects:
        but = f", but what {suspect.does_as} does" if suspect.does_as else ""
        text = f"suspected: {suspect.kernel} does not do what the model of its version does{but}: "
        text = f"{text}a bug of the model, or the kernel is not what its version says"
        lines += wrapped(one_line(text), *PARAGRAPH, style.width)
    return lines


def comparison_drawing(
    comparison: Comparison, kernels: Sequence[Kernel], style: Style = _PLAIN, brief: bool = False
) -> list[str]:
    """Draw before, on A and on B side by side, with what the moves return; rows that differ are marked.

    ``brief``: only these rows, and one for each move.
    """
    a, b = comparison.a.outcome, comparison.b.outcome
    if a is None or b is None:
        return []
    name_a, name_b = names_of(kernels)
    start = before(comparison.scenario)
    regions = regions_of(start, a.regions, b.regions)
    moves_a, moves_b = (_moves_in_a_row(a), _moves_in_a_row(b)) if brief else (move_rows(a), move_rows(b))
    marked = [row for row in moves_a if moves_a[row] != moves_b[row]]
    marked += [difference.where.removeprefix("regions.") for difference in comparison.differences]
    columns = [
        ("before", align(start, regions)),
        (name_a, {**align(a.regions, regions), **moves_a}),
        (name_b, {**align(b.regions, regions), **moves_b}),
    ]
    rows = [row for row in (*regions, *moves_a) if row in marked or not brief]
    return indented(drawing_block(columns, rows, marked, style))


def difference_lines(differences: Iterable[Difference], width: int = WIDTH) -> list[str]:
    """Say each difference, those that follow from another in a sentence of their own, then the causing changes."""
    found = list(differences)
    lines = differing_lines([difference for difference in found if difference.follows is None], width)
    following: dict[str, list[str]] = {}
    for difference in found:
        if difference.follows is not None:
            following.setdefault(difference.class_name, []).append(place(difference.where))
    if following:
        words = "; ".join(CLASSES[kind].words.format(_and(places)) for kind, places in following.items())
        lines += wrapped(f"from which follow: {words}", "  ", "    ", width)
    for cause in dict.fromkeys(difference.cause for difference in found if difference.cause):
        lines += _cause(cause, width)
    return lines


def differing_lines(
    differences: Iterable[Difference], width: int = WIDTH, indent: str = "  ", drawn: bool = True
) -> list[str]:
    """Say each difference with both sides; of one that drawings beside it show (``drawn``), only where it is."""
    said: dict[str, list[str]] = {}  # what is said of one place in the same words -> its classes
    many = any(difference.where not in ("moves[0]", "events") for difference in differences if _is_move(difference))
    for difference in differences:
        kind = CLASSES[difference.class_name]
        sides = " -> ".join(
            (compact(side) or ".") if "." in difference.where else side for side in (difference.a, difference.b)
        )
        if kind.of_move:
            text = f"of {difference.where}: {sides}" if many else f": {sides}"
        elif drawn and difference.where.startswith("regions."):
            text = f": {kind.words.format(place(difference.where))}"
        else:
            text = f": {kind.words.format(place(difference.where))}: {sides}"
        said.setdefault(text, []).append(difference.class_name)
    return [
        line
        for text, kinds in said.items()
        for line in wrapped(f"{', '.join(kinds)}{'' if text[0] == ':' else ' '}{text}", indent, f"{indent}  ", width)
    ]


def _is_move(difference: Difference) -> bool:
    return CLASSES[difference.class_name].of_move


def place(where: str) -> str:
    """Name where a difference is, in words.

    ``src``, ``locked``, ``moves[0]'s committed``, ``uffd-wp in src``, ``the place that X returned``.
    """
    if where.startswith("bits."):
        _, bit, region = where.split(".", 2)
        return f"{bit} in {region}"
    if where.endswith(".committed"):
        return f"{where.removesuffix('.committed')}'s committed"
    for prefix in ("regions.", "layout.", "counters."):
        where = where.removeprefix(prefix)
    return f"the place that {where.removesuffix('.result')} returned" if where.endswith(".result") else where


def _and(places: Sequence[str]) -> str:
    return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"


def _cause(cause: Sequence[str], width: int) -> list[str]:
    together = "caused by" if len(cause) == 1 else "caused together by"
    return [
        f"  {together} {', '.join(cause)}",
        *(line for change in cause for line in wrapped(change_text(change), *PARAGRAPH, width)),
    ]


def _moves_in_a_row(outcome: Outcome) -> dict[str, str]:
    """Return a row for each move: its errno and verdict, or where it went."""
    texts = [
        f"{move} to {move.result}" if move.verdict in ("moved", "duplicated") else str(move) for move in outcome.moves
    ]
    return {"mremap" if len(texts) == 1 else f"moves[{index}]": text for index, text in enumerate(texts)}
