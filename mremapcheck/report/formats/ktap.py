"""For kernel test harnesses: KTAP version 1 (Documentation/dev-tools/ktap.rst), a test for each scenario.

A matrix has a subtest for each kernel. Diagnostics come before the result that they explain. What nothing is expected
of is a SKIP whose reason begins with ``unchecked``, and is counted by itself in the totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mremapcheck.base.text import ktap
from mremapcheck.report.base import Header, Tally
from mremapcheck.report.cases import Case, case
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.report.base import Item, Output


class Ktap:
    """The plan comes first, so scenarios that a run did not get to are reported as skipped."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._out = out
        self._number = 0

    def start(self) -> None:
        """Write the version and the plan."""
        self._out.write(f"KTAP version 1\n1..{len(self._header.scenarios)}\n")
        for kernel in self._header.kernels:
            self._write(ktap.diagnostics(f"kernel {kernel.reference}: {kernel.executor} {kernel.release}"))

    def add(self, item: Item) -> None:
        """Write one test."""
        self._number += 1
        self._write(_lines(case(item, self._header), self._number))

    def finish(self, tally: Tally) -> None:
        """Write what is left of the plan, and the numbers."""
        for scenario in self._header.scenarios[self._number :]:
            self._number += 1
            skipped = ktap.directive("SKIP", f"not run: {tally.trouble or 'stopped'}")
            self._write([f"ok {self._number} {ktap.description(scenario.name)}{skipped}"])
        counts = " ".join(f"{status}:{count}" for status, count in tally.counts.items())
        self._write([f"# totals {counts}"])

    def _write(self, lines: Iterable[str]) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))


def _lines(test: Case, number: int) -> list[str]:
    lines = []
    if test.children:
        lines += ["  KTAP version 1", f"  # Subtest: {ktap.description(test.name)}", f"  1..{len(test.children)}"]
        for index, child in enumerate(test.children, 1):
            lines += [f"  {line}" for line in _lines(child, index)]
    lines += [line for detail in test.details for line in ktap.diagnostics(detail)]
    if test.result in ("fail", "error") and test.message and not test.details:
        lines += ktap.diagnostics(test.message)
    good = "ok" if test.result in ("pass", "skip") else "not ok"
    directive = ktap.directive(test.result.upper(), test.message) if test.result in ("skip", "error") else ""
    return [*lines, f"{good} {number} {ktap.description(test.name)}{directive}"]


REPORTER = Ktap
