"""One line on the terminal: how far, how fast, how many mismatches."""

from __future__ import annotations

import time

from mremapcheck.base.progress import Line
from mremapcheck.campaign.campaign import Totals


class Progress:
    """A campaign's line, above those of the kernels that answer it."""

    def __init__(self, tally: Totals, count: int) -> None:
        self._line = Line("")
        self._count = count
        self._began = time.monotonic()
        self._first = tally.done

    def show(self, tally: Totals) -> None:
        """Bring the line up to date."""
        self._line.say(self.text(tally))

    def clear(self) -> None:
        """Take the line away."""
        self._line.clear()

    def text(self, tally: Totals) -> str:
        """Return what the line says; the rate counts from where this run began."""
        seconds = max(time.monotonic() - self._began, 0.001)
        rate = (tally.done - self._first) / seconds
        return (
            f"{tally.done:,} of {self._count:,}, {rate:,.0f}/s, {tally.different:,} mismatches "
            f"in {len(tally.groups)} groups, {sum(tally.skipped.values()):,} skipped, {tally.refused:,} refused"
        )
