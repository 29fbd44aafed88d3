"""One item as a test case: what the formats of test harnesses have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from mremapcheck.base.dataclass import dataclass
from mremapcheck.report.blocks import comparison_block, mismatch_block

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Header, Item

Status: TypeAlias = Literal["pass", "fail", "skip", "error"]

_OF_COMPARISON: dict[str, Status] = {"same": "pass", "different": "fail", "skipped": "skip", "error": "error"}


@dataclass(frozen=True, slots=True)
class Case:
    """A test: ``message`` says why it did not pass, ``details`` show it; of a matrix it has a child for each kernel."""

    name: str
    status: Status
    path: str
    line: int
    message: str = ""
    details: tuple[str, ...] = ()
    children: tuple[Case, ...] = ()


def case(item: Item, header: Header) -> Case:
    """Return an item of any report as a test case."""
    if header.kind == "run":
        return _result(cast("Result", item), item.scenario.name)
    if header.kind == "compare":
        comparison = cast("Comparison", item)
        status = _OF_COMPARISON[comparison.status]
        message = comparison.reason or ", ".join(dict.fromkeys(d.kind for d in comparison.differences))
        details = comparison_block(comparison, header.kernels) if status == "fail" else []
        return _case(item, item.scenario.name, status, message, details)
    row = cast("Row", item)
    children = tuple(_result(cell, kernel.reference) for cell, kernel in zip(row.cells, header.kernels, strict=True))
    bad = [child.name for child in children if child.status == row.status]
    message = "" if row.status == "pass" else f"{row.status} on {', '.join(bad)}"
    return _case(item, item.scenario.name, row.status, message, [], children)


def _result(result: Result, name: str) -> Case:
    message = result.reason or ""
    details: list[str] = []
    if result.status == "fail":
        message = "; ".join(str(mismatch) for mismatch in result.mismatches)
        details = mismatch_block(result)
    return _case(result, name, result.status, message, details)


def _case(
    item: Item, name: str, status: Status, message: str, details: list[str], children: tuple[Case, ...] = ()
) -> Case:
    return Case(name, status, item.scenario.path, item.scenario.line, message, tuple(details), children)
