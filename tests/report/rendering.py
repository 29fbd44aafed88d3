"""Reports as text, and the items to make them of."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from mremapcheck.compare.comparison import Comparison, compare
from mremapcheck.compare.matrix import Row, row
from mremapcheck.executors.protocol import Kernel
from mremapcheck.outcome.expectations import Result, judge
from mremapcheck.outcome.outcome import Execution
from mremapcheck.report.base import Header, ReportName, open_report, write_report
from mremapcheck.scenario.document import MoveExpectation
from tests.factories import DAMAGED, MOVED, PARTIAL, REFUSED, expectation, kernel, ran, scenario

REFUSED_EXPECTED = (expectation(">=6.17-rc3", MoveExpectation("EFAULT", None, "refused"), src="AABB.C", dst="X....."),)

SKIP = Execution("skip", None, "no mseal before 6.10")
ERROR = Execution("error", None, "moves[3] (case.yaml:12): mprotect failed: EACCES")
KERNELS = [kernel(reference) for reference in ("6.1", "6.16", "6.17-rc1", "6.17-rc2", "6.17", "6.18")]


def rendered(name: str, kind: ReportName, kernels: Sequence[Kernel], items: Sequence[Any], **options: Any) -> str:
    header = Header(kind, kernels, [item.scenario for item in items])
    out = io.StringIO()
    write_report(open_report(name, header, out, **options), header, items, out)
    return out.getvalue()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def run_of_everything() -> list[Result]:
    """Return a result of every status: pass (with and without expectations), fail, skip, error."""
    version = kernel().version
    return [
        judge(scenario("good", expect=REFUSED_EXPECTED), ran(REFUSED), version),
        judge(scenario("unsaid"), ran(MOVED), version),
        judge(scenario("bad", expect=REFUSED_EXPECTED), ran(PARTIAL), version),
        judge(scenario("sealed"), SKIP, version),
        judge(scenario("broken"), ERROR, version),
    ]


def comparison_of_everything() -> list[Comparison]:
    """Return a comparison of every status: same, different, skipped, error."""
    return [
        compare(scenario("quiet"), ran(MOVED), ran(MOVED)),
        compare(scenario("loud"), ran(PARTIAL), ran(REFUSED)),
        compare(scenario("sealed"), SKIP, ran(MOVED), ("6.1", "6.17")),
        compare(scenario("broken"), ran(MOVED), ERROR, ("6.1", "6.17")),
    ]


def eras() -> Row:
    """Return the row of the headline case over LADDER: damaged, partial, refused."""
    seen = [DAMAGED, DAMAGED, PARTIAL, PARTIAL, REFUSED, REFUSED]
    case = scenario(expect=REFUSED_EXPECTED)
    return row(case, [judge(case, ran(one), at.version) for one, at in zip(seen, KERNELS, strict=True)])
