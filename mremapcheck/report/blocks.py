"""One item as lines for people: the drawings, what differs, and why. Plain ASCII, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mremapcheck.report.changes import change_text
from mremapcheck.report.text import align, before, calls, drawing_block, wrapped
from mremapcheck.text.terminal import one_line

if TYPE_CHECKING:
    from mremapcheck.compare.classes import Difference
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.outcome.outcome import Note, Outcome
    from mremapcheck.scenario.document import Scenario


def kernel_text(kernel: Kernel) -> str:
    """Say which kernel answers.

    As in ``6.17-rc2, the model with 31 changes``, ``live, Linux 6.18.44``, ``vm:6.17, Linux 6.17.13 under QEMU (TCG)``.
    A reference that says more than the release gets that as well: ``6.17-mine, the model of 6.17 with 31 changes``.
    """
    if kernel.executor == "model":
        of = "" if kernel.reference.removeprefix("v") == kernel.release else f" of {kernel.release}"
        count = "" if kernel.changes is None else f" with {len(kernel.changes)} changes"
        return f"{kernel.reference}, the model{of}{count}"
    machine = f" under QEMU ({kernel.acceleration.upper()})" if kernel.acceleration else ""
    return f"{kernel.reference}, Linux {kernel.release}{machine}"


def mismatch_block(result: Result) -> list[str]:
    """Draw what was there before, what was expected and what was seen, then name what is not as expected."""
    scenario, outcome = result.scenario, result.execution.outcome
    if outcome is None:
        return [f"  {line}" for line in (result.reason or "").splitlines()]
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
    lines = [*_heading(scenario), "", *_indent(drawing_block(columns, rows, wrong & set(rows))), ""]
    for mismatch in result.mismatches:
        line = f" (expect at line {mismatch.line})" if mismatch.line else ""
        lines.append(f"  {mismatch}{line}")
    return [*lines, *_kernel_log("", outcome)]


def comparison_block(comparison: Comparison, kernels: Sequence[Kernel]) -> list[str]:
    """Draw before, on A and on B side by side, with errno and verdict, then each difference and its cause."""
    scenario, a, b = comparison.scenario, comparison.a.outcome, comparison.b.outcome
    if a is None or b is None:
        return [f"  {line}" for line in (comparison.reason or "").splitlines()]
    name_a, name_b = (kernel.reference for kernel in kernels)
    start = before(scenario)
    regions = _regions(start, a.regions, b.regions)
    moves_a, moves_b = _moves(a), _moves(b)
    rows = [*regions, *moves_a]
    marked = [row for row in moves_a if moves_a[row] != moves_b[row]]
    marked += [difference.where.removeprefix("regions.") for difference in comparison.differences]
    columns = [
        ("before", align(start, regions)),
        (name_a, {**align(a.regions, regions), **moves_a}),
        (name_b, {**align(b.regions, regions), **moves_b}),
    ]
    lines = [*_heading(scenario), "", *_indent(drawing_block(columns, rows, marked)), ""]
    lines += difference_lines(comparison.differences)
    lines += [line for name, side in ((name_a, a), (name_b, b)) for line in _kernel_log(name, side)]
    for suspect in comparison.suspects:
        but = f", but what {suspect.does_as} does" if suspect.does_as else ""
        text = f"suspected: {suspect.kernel} does not do what the model of its version does{but}: "
        lines += wrapped(f"{text}a bug of the model, or the kernel is not what its version says", *_INDENTED)
    return lines


def matrix_mismatches(row: Row, kernels: Sequence[Kernel]) -> list[str]:
    """Name what is not as expected, and on which kernels; an error's reason with the kernels that it came from."""
    said: dict[str, list[str]] = {}
    for cell, kernel in zip(row.cells, kernels, strict=True):
        told = [str(mismatch) for mismatch in cell.mismatches]
        if cell.status == "error":
            told = [one_line(cell.reason or "error")]
        for text in told:
            said.setdefault(text, []).append(kernel.reference)
    return [f"! {text}  ({names[0]}{f' .. {names[-1]}' if names[1:] else ''})" for text, names in said.items()]


def difference_lines(differences: Iterable[Difference]) -> list[str]:
    """Name each difference, those that follow from another in one line of their own, then the causing changes."""
    said: dict[str, list[str]] = {}  # what is said of one place in the same words -> its classes
    following = []
    causes = dict[tuple[str, ...], None]()
    for difference in differences:
        if difference.cause:
            causes[difference.cause] = None
        kind, place = difference.kind, _place(difference.where)
        if difference.follows is not None:
            following.append(f"{kind} of {place}")
        else:
            drawn = difference.where.startswith("regions.")
            said.setdefault(place if drawn else f"{place}: {difference.a} -> {difference.b}", []).append(kind)
    lines = [line for text, kinds in said.items() for line in wrapped(f"{', '.join(kinds)} of {text}", "  ", "    ")]
    if following:
        lines += wrapped(f"from which follow: {', '.join(following)}", "  ", "    ")
    for cause in causes:
        lines += _cause(cause)
    return lines


def _place(where: str) -> str:
    for prefix in ("regions.", "layout.", "counters."):
        where = where.removeprefix(prefix)
    return where


def trace_block(trace: Iterable[Note]) -> list[str]:
    """List the steps that a model took, each with the commit that put it there."""
    lines = []
    width = max((len(note.step) for note in trace), default=0)
    for note in trace:
        indent = " " * (8 + width)
        lines += wrapped(note.text, f"      {note.step:<{width}}  ", indent) or [f"      {note.step}"]
        if note.change:
            lines += wrapped(change_text(note.change), indent, f"{indent}  ")
    return lines


#: How the first line of a paragraph in a block begins, and the others.
_INDENTED = ("    ", "      ")


def _cause(cause: Sequence[str]) -> list[str]:
    together = "caused by" if len(cause) == 1 else "caused together by"
    return [
        f"  {together} {', '.join(cause)}",
        *(line for change in cause for line in wrapped(change_text(change), *_INDENTED)),
    ]


def _heading(scenario: Scenario) -> list[str]:
    lines = wrapped(one_line(scenario.summary), "  ", "  ")
    return [*lines, f"  {scenario.path}:{scenario.line}", *(f"    {call}" for call in calls(scenario))]


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


def _kernel_log(name: str, outcome: Outcome) -> list[str]:
    return [f"  kernel log{f' of {name}' if name else ''}: {line}" for line in outcome.kernel_log]


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]
