"""For people: a line for each scenario, and drawings where something is not as expected, or differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from mremapcheck.compare.classes import CLASSES
from mremapcheck.report.base import STATUSES, Header, Tally
from mremapcheck.report.blocks import comparison_block, kernel_text, matrix_mismatches, mismatch_block, trace_block
from mremapcheck.report.style import Style
from mremapcheck.report.text import WIDTH, clip, terminal_width, wrapped
from mremapcheck.text.terminal import lines as harmless
from mremapcheck.text.terminal import one_line

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Item, Output

#: Longest name that the lines after it are aligned to.
_NAME = 34


class Table:
    """Written as it comes; the numbers last."""

    def __init__(self, header: Header, out: Output, style: Style, verbose: bool) -> None:
        self._header = header
        self._out = out
        self._style = style
        self._verbose = verbose
        self._status = max(map(len, STATUSES[header.kind]))
        self._last = ""
        self._causes: dict[str, int] = {}
        self._name = min(max((len(scenario.name) for scenario in header.scenarios), default=0), _NAME)
        self._width = terminal_width(out)
        self._indent = self._status + 2 + self._name

    def start(self) -> None:
        """Name the kernels."""
        kernels = self._header.kernels
        if self._header.kind == "run":
            self._line(f"Kernel {kernel_text(kernels[0])}")
        elif self._header.kind == "compare":
            for letter, kernel in zip("AB", kernels, strict=True):
                self._line(f"{letter}: {kernel_text(kernel)}")
        else:
            self._list("Kernels", [kernel.reference for kernel in kernels])
        self._line()

    def add(self, item: Item) -> None:
        """Write one item's line, and its drawings where there is something to see."""
        if self._header.kind == "run":
            self._run(cast("Result", item))
        elif self._header.kind == "compare":
            self._compare(cast("Comparison", item))
        else:
            self._matrix(cast("Row", item))

    def finish(self, tally: Tally) -> None:
        """Write the numbers."""
        counts = [(status, count) for status, count in tally.counts.items() if count]
        text = ", ".join(self._style.status(status, f"{count} {status}") for status, count in counts)
        total = f"{tally.total} scenario{'' if tally.total == 1 else 's'}"
        self._gap()
        self._line(painted=f"{total}: {text or 'nothing ran'}")
        if tally.classes:
            counts = [(kind, tally.classes[kind]) for kind in CLASSES if kind in tally.classes]
            self._list("worst difference:", [f"{count} {kind}" for kind, count in counts])
            causes = sorted(self._causes.items(), key=lambda item: -item[1])
            self._list("caused by:", [f"{count} {change}" for change, count in causes])
        if tally.trouble is not None:
            self._line(f"ended early: {tally.trouble}")

    def _run(self, result: Result) -> None:
        outcome, name = result.execution.outcome, result.scenario.name
        seen = f"  {outcome.label if outcome else '':<16}"
        note = ""
        if result.reason:
            note = one_line(result.reason)  # never cut: it is what somebody has to act on
        elif result.status != "fail":  # the drawings have a heading of their own
            used = self._indent + max(len(name) - self._name, 0) + len(seen) + 2
            note = clip(result.scenario.summary, self._width - used) if self._width - used > 16 else ""
        self._item(result, f"{seen}  {note}")
        if result.status == "fail":
            self._block(mismatch_block(result))
        if self._verbose and result.execution.trace:
            self._block(trace_block(result.execution.trace))

    def _compare(self, comparison: Comparison) -> None:
        if comparison.status == "same" and not self._verbose:
            return
        if comparison.status == "different":
            self._gap()
        self._item(comparison, f"  {one_line(comparison.reason or comparison.kind or '')}")
        if comparison.status == "different":
            unknown = "suspected bug of a model" if comparison.suspects else "unknown"
            for change in comparison.differences[0].cause or (unknown,):
                self._causes[change] = self._causes.get(change, 0) + 1
            self._block(comparison_block(comparison, self._header.kernels))

    def _matrix(self, row: Row) -> None:
        from mremapcheck.compare.matrix import span

        eras = [f"{era.label} {span(era, self._header.kernels)}" for era in row.eras]
        if self._indent + len("; ".join(eras)) <= WIDTH:
            eras = ["; ".join(eras)]
        indent = f"\n{' ' * self._indent}  "
        self._item(row, "  " + indent.join([*eras, *matrix_mismatches(row, self._header.kernels)]))

    def _item(self, item: Item, text: str) -> None:
        status = self._style.status(item.status, f"{item.status:<{self._status}}")
        self._line(f"  {item.scenario.name:<{self._name}}{text}".rstrip(), status)

    def _block(self, lines: list[str]) -> None:
        self._line("\n".join(lines))
        self._gap()

    def _list(self, head: str, items: Sequence[str]) -> None:
        whole = ", ".join(item.replace(" ", "\0") for item in items)  # no item is cut in two
        self._line("\n".join(wrapped(f"{head} {whole}")).replace("\0", " "))

    def _gap(self) -> None:
        if self._last:
            self._line()

    def _line(self, text: str = "", painted: str = "") -> None:
        """Write what is ``painted`` by us, and text that may be a stranger's."""
        self._last = painted + harmless(text)
        self._out.write(self._last + "\n")
