"""Lines for people, written one after the other: blocks with a gap around them, lists, the numbers at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import counted, one_line
from mremapcheck.report.base import STATUSES
from mremapcheck.report.style import Style
from mremapcheck.report.text import listed

if TYPE_CHECKING:
    from mremapcheck.report.base import Header, Item, Output, Tally

#: Longest name that the lines after it are aligned to.
_NAME = 34


class Printer:
    """Writes to ``out`` as ``style`` wants it; what a table of any report has in common."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._out = out
        self._last = ""
        self.style = style
        self.status = max(map(len, STATUSES[header.report]))
        self.name = min(max((len(scenario.name) for scenario in header.scenarios), default=0), _NAME)

    def item(self, item: Item, text: str) -> None:
        """Write the line of an item: its status, its name and ``text``."""
        status = self.style.status(item.status, f"{item.status:<{self.status}}")
        self.line(f"{status}  {item.scenario.name:<{self.name}}  {text}".rstrip())

    def block(self, lines: Iterable[str]) -> None:
        """Write lines that something else may follow only after a gap."""
        self.line("\n".join(lines))
        self.gap()

    def list(self, head: str, items: Iterable[str]) -> None:
        """Write items after a head, separated by commas; no item is cut in two."""
        self.line("\n".join(listed(items, f"{head} ", "  ", self.style.width)))

    def numbers(self, tally: Tally) -> None:
        """Write how many scenarios there are of each status."""
        counts = [(status, count) for status, count in tally.counts.items() if count]
        text = ", ".join(self.style.status(status, f"{count} {status}") for status, count in counts)
        self.gap()
        self.line(f"{counted(tally.total, 'scenario')}: {text or 'nothing ran'}")

    def end(self, tally: Tally) -> None:
        """Write what ended the report early, if something did."""
        if tally.trouble is not None:
            self.line(f"ended early: {one_line(tally.trouble)}")

    def gap(self) -> None:
        """Leave a line empty, unless the last one is."""
        if self._last:
            self.line()

    def line(self, text: str = "") -> None:
        """Write a line, or several."""
        self._out.write(text + "\n")
        self._last = text
