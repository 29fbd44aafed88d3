"""A run for people: a line for each scenario, or where there are many for each folder; drawings of what is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.outcome.status import OF_RUN
from mremapcheck.report.blocks import kernel_text
from mremapcheck.report.printer import Printer
from mremapcheck.report.run_blocks import mismatch_block, outcome_block, trace_block
from mremapcheck.report.style import Style
from mremapcheck.report.text import clip
from mremapcheck.scenario.library import shipped

if TYPE_CHECKING:
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Header, Output, Tally

#: More scenarios than these do not get a line each: what is wrong would scroll away.
_FEW = 20
#: Fewer characters of a summary say nothing.
_ROOM = 24


class RunTable:
    """Written as it comes; the numbers last."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._print = Printer(header, out, style)
        self._style = style
        self._by_folder = style.detail == 0 and len(header.scenarios) > _FEW
        self._folder = ""
        self._shipped = shipped()
        self._counts: Counter[str] = Counter()
        self._skips: Counter[str] = Counter()
        self._began = False

    def start(self) -> None:
        """Name the kernel."""
        if self._style.detail >= 0:
            self._begin()

    def add(self, result: Result) -> None:
        """Write one result's line, and its drawings where there is something to see."""
        if result.status == "skip":
            self._skips[one_line(result.reason or "")] += 1
        if self._by_folder:
            self._count(result)
        told = OF_RUN[result.status].is_bad or (self._style.detail >= 0 and result.status == "unchecked")
        if not (told or self._style.detail > 0 or (self._style.detail == 0 and not self._by_folder)):
            return
        self._begin()
        block = self._drawings(result)
        if block:
            self._print.gap()
        self._line(result)
        if block:
            self._print.block(block)

    def finish(self, tally: Tally) -> None:
        """Write the numbers."""
        self._end_of_folder()
        wrong = any(count and OF_RUN[status].is_bad for status, count in tally.counts.items()) or tally.trouble
        if self._style.detail < 0 and not wrong and tally.total > tally.counts["skip"]:
            return
        self._begin()
        self._print.numbers(tally)
        if self._by_folder or self._style.detail < 0:
            for reason, count in self._skips.most_common():
                self._print.line(f"  {count} skip: {reason}")
        if tally.counts["unchecked"]:
            self._print.line(f"unchecked: {OF_RUN['unchecked'].about}")
        self._print.end(tally)

    def _begin(self) -> None:
        if not self._began:
            self._began = True
            self._print.line(f"Kernel {kernel_text(self._header.kernels[0])}")
            self._print.line()

    def _drawings(self, result: Result) -> list[str]:
        verbose = self._style.detail > 0
        block: list[str] = []
        if result.status == "fail":
            block = self._style.drawing(mismatch_block(result, self._style))
        elif result.execution.outcome is not None and (verbose or result.status == "unchecked"):
            block = outcome_block(result, self._style)
        if verbose and result.execution.trace:
            block += trace_block(result.execution.trace, self._style.width)
        return block

    def _line(self, result: Result) -> None:
        outcome, name = result.execution.outcome, result.scenario.name
        seen = f"{outcome.label if outcome else '':<16}"
        note = ""
        if result.reason:
            note = one_line(result.reason)  # never cut: it is what somebody has to act on
        elif result.status != "fail":  # the drawings have a heading of their own
            used = self._print.status + 2 + max(len(name), self._print.name) + 2 + len(seen) + 2
            room = self._style.width - used
            note = one_line(result.scenario.summary)
            if self._style.terminal:
                note = clip(note, room) if room >= _ROOM else ""
        self._print.item(result, f"{seen}  {note}")

    def _count(self, result: Result) -> None:
        path = PurePath(result.scenario.path).parent
        if path.is_relative_to(self._shipped):  # what leads to them is long, and the same for all
            path = path.relative_to(self._shipped.parent)
        folder = one_line(str(path))
        if folder != self._folder:
            self._end_of_folder()
        self._folder = folder
        self._counts[result.status] += 1

    def _end_of_folder(self) -> None:
        if self._counts:
            worst = next(status for status in ("fail", "error", "pass", "unchecked", "skip") if self._counts[status])
            counts = ", ".join(f"{self._counts[status]} {status}" for status in OF_RUN if self._counts[status])
            self._print.line(f"{self._style.status(worst, f'{worst:<{self._print.status}}')}  {self._folder}  {counts}")
        self._counts.clear()
