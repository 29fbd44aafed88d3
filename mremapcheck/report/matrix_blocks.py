"""A row of a matrix as lines for people: what each range of kernels leaves, and what is not as expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.compare.matrix import named, span
from mremapcheck.report.before import before
from mremapcheck.report.blocks import indented, move_rows, regions_of
from mremapcheck.report.style import Style
from mremapcheck.report.text import align, drawing_block

if TYPE_CHECKING:
    from mremapcheck.compare.matrix import Row
    from mremapcheck.executors.protocol import Kernel

_PLAIN = Style()


def matrix_drawing(row: Row, kernels: Sequence[Kernel], style: Style = _PLAIN) -> list[str]:
    """Draw before, and what each range of kernels leaves, with what the moves return."""
    seen = [(era, row.cells[era.first].execution.outcome) for era in row.eras]
    outcomes = [(span(era, kernels), outcome) for era, outcome in seen if outcome is not None]
    if not outcomes:
        return []
    start = before(row.scenario)
    regions = regions_of(start, *(outcome.regions for _, outcome in outcomes))
    moves = [move_rows(outcome) for _, outcome in outcomes]
    columns = [("before", align(start, regions))]
    for (name, outcome), returned in zip(outcomes, moves, strict=True):
        columns.append((one_line(name), {**align(outcome.regions, regions), **returned}))
    rows = [*regions, *dict.fromkeys(row for returned in moves for row in returned)]
    return indented(drawing_block(columns, rows, style=style))


def matrix_skips(row: Row, kernels: Sequence[Kernel]) -> list[str]:
    """Say why ranges of kernels have no drawing."""
    skipped = [(span(era, kernels), row.cells[era.first]) for era in row.eras]
    return [one_line(f"skip, {name}: {cell.reason}") for name, cell in skipped if cell.status == "skip"]


def matrix_mismatches(row: Row, kernels: Sequence[Kernel]) -> list[str]:
    """Name what is not as expected, and on which kernels; an error's reason with the kernels that it came from."""
    said: dict[str, list[int]] = {}
    for column, cell in enumerate(row.cells):
        told = [str(mismatch) for mismatch in cell.mismatches]
        if cell.status == "error":
            told = [one_line(cell.reason or "error")]
        for text in told:
            said.setdefault(text, []).append(column)
    return [f"! {text}  ({one_line(named(columns, kernels))})" for text, columns in said.items()]
