"""One item as a test case: what the formats of test harnesses have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import one_line
from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN, Harness
from mremapcheck.report.compare_blocks import comparison_block
from mremapcheck.report.run_blocks import mismatch_block, outcome_block

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Header, Item


@dataclass(frozen=True, slots=True)
class Case:
    """A test: ``message`` says why it did not pass, ``details`` show it; of a matrix it has a child for each kernel.

    ``status`` is ours, ``result`` what a harness makes of it.
    """

    name: str
    status: str
    result: Harness
    path: str
    line: int
    message: str = ""
    details: tuple[str, ...] = ()
    children: tuple[Case, ...] = ()


def case(item: Item, header: Header) -> Case:
    """Return an item of any report as a test case."""
    name = item.scenario.name
    if header.report == "run":
        return _result(cast("Result", item), name)
    if header.report == "compare":
        comparison = cast("Comparison", item)
        result = OF_COMPARISON[comparison.status].harness
        message = comparison.reason or ", ".join(dict.fromkeys(d.class_name for d in comparison.differences))
        details = comparison_block(comparison, header.kernels) if result == "fail" else []
        return _case(item, name, result, message, details)
    row = cast("Row", item)
    children = tuple(_result(cell, kernel.reference) for cell, kernel in zip(row.cells, header.kernels, strict=True))
    bad = [child.name for child in children if child.status == row.status]
    message = "" if row.status == "pass" else f"{row.status} on {', '.join(bad)}"
    return _case(item, name, OF_RUN[row.status].harness, message, [], children)


def _result(result: Result, name: str) -> Case:
    message = result.reason or ""
    details: list[str] = []
    if result.status == "fail":
        message = "; ".join(str(mismatch) for mismatch in result.mismatches)
        details = mismatch_block(result)
    elif result.status == "unchecked":
        message = f"unchecked: {message}"
        details = outcome_block(result)
    return _case(result, name, OF_RUN[result.status].harness, message, details)


def _case(
    item: Item, name: str, result: Harness, message: str, details: list[str], children: tuple[Case, ...] = ()
) -> Case:
    scenario = item.scenario
    return Case(name, item.status, result, scenario.path, scenario.line, one_line(message), tuple(details), children)
