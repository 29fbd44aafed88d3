"""One item as lines for people: the drawings, what differs, and why. Plain ASCII, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.comparison import names_of
from mremapcheck.compare.matrix import span
from mremapcheck.outcome.outcome import events_text
from mremapcheck.report.before import before
from mremapcheck.report.changes import change_text
from mremapcheck.report.style import WIDTH, Style
from mremapcheck.report.text import align, calls, drawing_block, wrapped
from mremapcheck.scenario.drawing import compact

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.difference import Difference
    from mremapcheck.compare.matrix import Row
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.outcome.outcome import Note, Outcome
    from mremapcheck.scenario.document import Scenario

_PLAIN = Style()


def kernel_text(kernel: Kernel) -> str:
    """Say which kernel answers.

    As in ``6.17-rc2, the model with 31 changes``, ``live, Linux 6.18.44``, ``vm:6.17, Linux 6.17.13 under QEMU (TCG)``.
    A reference that says more than the release gets that as well: ``6.17-mine, the model of 6.17 with 31 changes``.
    """
    if kernel.executor == "model":
        of = "" if kernel.reference.removeprefix("v") == kernel.release else f" of {kernel.release}"
        count = "" if kernel.changes is None else f" with {len(kernel.changes)} changes"
        return one_line(f"{kernel.reference}, the model{of}{count}")
    machine = f" under QEMU ({kernel.acceleration.upper()})" if kernel.acceleration else ""
    return one_line(f"{kernel.reference}, Linux {kernel.release}{machine}")


def mismatch_block(result: Result, style: Style = _PLAIN) -> list[str]:
    """Draw what was there before, what was expected and what was seen, then name what is not as expected."""
    scenario, outcome = result.scenario, result.execution.outcome
    if outcome is None:
        return [f"  {one_line(line)}" for line in (result.reason or "").splitlines()]
    expected: dict[str, str] = {}
    for entry in result.expected:
        expected.update(entry.regions)
    wrong = {mismatch.where.removeprefix("regions.") for mismatch in result.mismatches}
    start = before(scenario)
    rows = _regions(start, outcome.regions, expected)
    columns = [
        ("before", align(start, rows)),
        ("expected", {row: drawing or "." for row, drawing in expected.items()}),
        ("seen", align(outcome.regions, rows)),
    ]
    columns = [(title, drawings) for title, drawings in columns if drawings]  # perhaps only an errno is expected
    block = drawing_block(columns, rows, wrong & set(rows), style)
    lines = [*_heading(scenario, style), "", *_indent(block), ""]
    for mismatch in result.mismatches:
        line = f" (expect at line {mismatch.line})" if mismatch.line else ""
        lines.append(f"  {mismatch}{line}")
    return [*lines, *_kernel_log("", outcome)]


def outcome_block(result: Result, style: Style = _PLAIN) -> list[str]:
    """Draw a scenario before and after, and say what else was seen: results, mappings, counters, events."""
    scenario, outcome = result.scenario, result.execution.outcome
    if outcome is None:
        return []
    start = before(scenario)
    regions = _regions(start, outcome.regions)
    moves = _moves(outcome)
    columns = [("before", align(start, regions)), ("after", {**align(outcome.regions, regions), **moves})]
    changed = [row for row in regions if align(start, [row]) != align(outcome.regions, [row])]
    lines = [*_heading(scenario, style), "", *_indent(drawing_block(columns, [*regions, *moves], changed, style)), ""]
    for region in regions:
        runs = ", ".join(_mapping(outcome, region))
        lines += wrapped(f"mappings of {region}: {runs or 'none'}", "  ", "    ", style.width)
    counters = ", ".join(f"{pages}p {counter}" for counter, pages in outcome.counters.items())
    lines.append(f"  counters: {counters}")
    lines += wrapped(f"userfaultfd events: {events_text(outcome.events)}", "  ", "    ", style.width)
    for reason in dict.fromkeys(outcome.unobserved.values()):
        lines += wrapped(f"?: {one_line(reason)}", "  ", "    ", style.width)
    return [*lines, *_kernel_log("", outcome)]


def _mapping(outcome: Outcome, region: str) -> Iterable[str]:
    for vma in outcome.mappings:
        if vma.region == region:
            facts = [f"{vma.start}+{vma.pages}", vma.prot, vma.sharing, vma.backing]
            facts += [f"at {vma.offset}p"] if vma.offset else []
            yield " ".join([*facts, *vma.flags])


def comparison_block(comparison: Comparison, kernels: Sequence[Kernel], style: Style = _PLAIN) -> list[str]:
    """Draw before, on A and on B side by side, with errno and verdict, then each difference and its cause."""
    a, b = comparison.a.outcome, comparison.b.outcome
    if a is None or b is None:
        return [f"  {one_line(line)}" for line in (comparison.reason or "").splitlines()]
    name_a, name_b = names_of(kernels)
    lines = [*_heading(comparison.scenario, style), "", *comparison_drawing(comparison, kernels, style), ""]
    lines += difference_lines(comparison.differences, style.width)
    lines += [line for name, side in ((name_a, a), (name_b, b)) for line in _kernel_log(name, side)]
    for suspect in comparison.suspects:
        but = f", but what {suspect.does_as} does" if suspect.does_as else ""
        text = f"suspected: {suspect.kernel} does not do what the model of its version does{but}: "
        text = f"{text}a bug of the model, or the kernel is not what its version says"
        lines += wrapped(one_line(text), *_INDENTED, style.width)
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
    regions = _regions(start, a.regions, b.regions)
    moves_a, moves_b = (_moves_in_a_row(a), _moves_in_a_row(b)) if brief else (_moves(a), _moves(b))
    marked = [row for row in moves_a if moves_a[row] != moves_b[row]]
    marked += [difference.where.removeprefix("regions.") for difference in comparison.differences]
    columns = [
        ("before", align(start, regions)),
        (name_a, {**align(a.regions, regions), **moves_a}),
        (name_b, {**align(b.regions, regions), **moves_b}),
    ]
    rows = [row for row in (*regions, *moves_a) if row in marked or not brief]
    return _indent(drawing_block(columns, rows, marked, style))


def matrix_drawing(row: Row, kernels: Sequence[Kernel], style: Style = _PLAIN) -> list[str]:
    """Draw before, and what each range of kernels leaves, with what the moves return."""
    seen = [(era, row.cells[era.first].execution.outcome) for era in row.eras]
    outcomes = [(span(era, kernels), outcome) for era, outcome in seen if outcome is not None]
    if not outcomes:
        return []
    start = before(row.scenario)
    regions = _regions(start, *(outcome.regions for _, outcome in outcomes))
    moves = [_moves(outcome) for _, outcome in outcomes]
    columns = [("before", align(start, regions))]
    for (name, outcome), returned in zip(outcomes, moves, strict=True):
        columns.append((one_line(name), {**align(outcome.regions, regions), **returned}))
    rows = [*regions, *dict.fromkeys(row for returned in moves for row in returned)]
    return _indent(drawing_block(columns, rows, style=style))


def matrix_mismatches(row: Row, kernels: Sequence[Kernel]) -> list[str]:
    """Name what is not as expected, and on which kernels; an error's reason with the kernels that it came from."""
    said: dict[str, list[str]] = {}
    for cell, kernel in zip(row.cells, kernels, strict=True):
        told = [str(mismatch) for mismatch in cell.mismatches]
        if cell.status == "error":
            told = [one_line(cell.reason or "error")]
        for text in told:
            said.setdefault(text, []).append(one_line(kernel.reference))
    return [f"! {text}  ({names[0]}{f' .. {names[-1]}' if names[1:] else ''})" for text, names in said.items()]


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
    """Name where a difference is, in words: ``src``, ``locked``, ``where moves[1] went``."""
    for prefix in ("regions.", "layout.", "counters."):
        where = where.removeprefix(prefix)
    return f"the place that {where.removesuffix('.result')} returned" if where.endswith(".result") else where


def _and(places: Sequence[str]) -> str:
    return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"


def trace_block(trace: Iterable[Note], width: int = WIDTH) -> list[str]:
    """List the steps that a model took, each with the commit that put it there."""
    lines = []
    steps = max((len(note.step) for note in trace), default=0)
    for note in trace:
        indent = " " * (8 + steps)
        lines += wrapped(note.text, f"      {note.step:<{steps}}  ", indent, width) or [f"      {note.step}"]
        if note.change:
            lines += wrapped(change_text(note.change), indent, f"{indent}  ", width)
    return lines


#: How the first line of a paragraph in a block begins, and the others.
_INDENTED = ("    ", "      ")


def _cause(cause: Sequence[str], width: int) -> list[str]:
    together = "caused by" if len(cause) == 1 else "caused together by"
    return [
        f"  {together} {', '.join(cause)}",
        *(line for change in cause for line in wrapped(change_text(change), *_INDENTED, width)),
    ]


def _heading(scenario: Scenario, style: Style) -> list[str]:
    lines = wrapped(one_line(scenario.summary), "  ", "  ", style.width)
    place = one_line(f"{scenario.path}:{scenario.line}")
    return [*lines, f"  {style.paint('faint', place)}", *(f"    {call}" for call in calls(scenario))]


def _regions(*drawings: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(region for drawing in drawings for region in drawing))


def _moves(outcome: Outcome) -> dict[str, str]:
    """Return rows for the errno or result, and the verdict, of each move."""
    many = len(outcome.moves) > 1
    rows = {}
    for index, move in enumerate(outcome.moves):
        number = f" {index}" if many else ""
        rows[f"returns{number}"] = move.errno or move.result or "?"
        rows[f"verdict{number}"] = move.verdict
    return rows


def _moves_in_a_row(outcome: Outcome) -> dict[str, str]:
    """Return a row for each move: its errno and verdict, or where it went."""
    texts = [
        f"{move} to {move.result}" if move.verdict in ("moved", "duplicated") else str(move) for move in outcome.moves
    ]
    return {"mremap" if len(texts) == 1 else f"moves[{index}]": text for index, text in enumerate(texts)}


def _kernel_log(name: str, outcome: Outcome) -> list[str]:
    return [f"  kernel log{f' of {name}' if name else ''}: {one_line(line)}" for line in outcome.kernel_log]


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]
