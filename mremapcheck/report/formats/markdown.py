"""For issues and pull requests: a Markdown table, then a code block with the drawings of what is worth a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mremapcheck.base.text import markdown
from mremapcheck.base.text.terminal import counted
from mremapcheck.compare.comparison import names_of
from mremapcheck.compare.matrix import span
from mremapcheck.report.base import Header, Tally
from mremapcheck.report.blocks import kernel_text
from mremapcheck.report.compare_blocks import comparison_block
from mremapcheck.report.matrix_blocks import matrix_mismatches
from mremapcheck.report.run_blocks import mismatch_block, outcome_block
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Item, Output


#: A matrix of more kernels names them in the cells.
_COLUMNS = 10


class Markdown:
    """Table rows are written as they come, the drawings after the table."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._out = out
        self._narrow = len(header.kernels) <= _COLUMNS
        self._blocks: list[tuple[str, list[str]]] = []

    def start(self) -> None:
        """Write the title and the table's head."""
        kernels = self._header.kernels
        if self._header.report == "run":
            title, columns = f"Kernel {kernel_text(kernels[0])}", ["status", "scenario", "seen", "summary"]
        elif self._header.report == "compare":
            title = " against ".join(kernel_text(kernel) for kernel in kernels)
            columns = ["status", "scenario", *names_of(kernels), "worst difference", "cause"]
        else:
            title = "mremap(2) by kernel"
            columns = ["scenario", *([kernel.reference for kernel in kernels] if self._narrow else ["kernels"])]
        self._out.write(f"## {markdown.text(title)}\n\n")
        self._row(columns)
        self._out.write(f"{markdown.row(['---'] * len(columns))}\n")

    def add(self, item: Item) -> None:
        """Write one row and keep its drawings."""
        if self._header.report == "run":
            self._run(cast("Result", item))
        elif self._header.report == "compare":
            self._compare(cast("Comparison", item))
        else:
            self._matrix(cast("Row", item))

    def finish(self, tally: Tally) -> None:
        """Write the numbers and the drawings."""
        counts = ", ".join(f"{count} {status}" for status, count in tally.counts.items() if count)
        self._out.write(f"\n{counted(tally.total, 'scenario')}: {counts or 'nothing ran'}\n")
        if tally.trouble is not None:
            self._out.write(f"\nEnded early: {markdown.text(tally.trouble)}\n")
        for name, lines in self._blocks:
            self._out.write("\n".join(["", f"### {markdown.text(name)}", "", *markdown.block(lines, "text"), ""]))

    def _run(self, result: Result) -> None:
        name, outcome = result.scenario.name, result.execution.outcome
        seen = outcome.label if outcome else ""
        self._row([result.status, name, seen, result.reason or result.scenario.summary])
        if result.status in ("fail", "unchecked"):
            block = mismatch_block(result) if result.status == "fail" else outcome_block(result)
            self._blocks.append((name, block))

    def _compare(self, comparison: Comparison) -> None:
        if comparison.status in ("same", "accepted"):
            return
        name = comparison.scenario.name
        sides = [side.outcome.label if side.outcome else "" for side in (comparison.a, comparison.b)]
        causes = dict.fromkeys(change for d in comparison.differences for change in d.cause or ())
        self._row(
            [comparison.status, name, *sides, comparison.class_name or comparison.reason or "", ", ".join(causes)]
        )
        if comparison.status == "different":
            self._blocks.append((name, comparison_block(comparison, self._header.kernels)))

    def _matrix(self, row: Row) -> None:
        cells = []
        for era in row.eras:
            cells += [era.label] + ["="] * (era.last - era.first)
        if not self._narrow:
            cells = ["; ".join(f"{era.label} {span(era, self._header.kernels)}" for era in row.eras)]
        self._row([row.scenario.name, *cells])
        if told := matrix_mismatches(row, self._header.kernels):
            self._blocks.append((row.scenario.name, told))

    def _row(self, cells: list[str]) -> None:
        self._out.write(f"{markdown.row(map(markdown.text, cells))}\n")


REPORTER = Markdown
