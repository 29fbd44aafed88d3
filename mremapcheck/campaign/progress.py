"""One line on the terminal: how far, how fast, how many mismatches."""

from __future__ import annotations

import time
from typing import TextIO

from mremapcheck.base.progress import columns
from mremapcheck.campaign.campaign import Totals


class Progress:
    """Rewrites its line a few times a second; writes nothing where the stream is no terminal."""

    def __init__(self, stream: TextIO, tally: Totals, count: int) -> None:
        self._stream = stream
        self._count = count
        self._began = self._shown = time.monotonic()
        self._first = tally.done
        self._on = stream.isatty()

    def show(self, tally: Totals, now: bool = False) -> None:
        """Bring the line up to date."""
        moment = time.monotonic()
        if self._on and (now or moment - self._shown > 0.2):
            self._shown = moment
            self._stream.write(f"\r\x1b[K{self.line(tally)[: columns(self._stream) - 1]}")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away, for something that is to stay."""
        if self._on:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def line(self, tally: Totals) -> str:
        """Return the line; the rate counts from where this run began."""
        seconds = max(time.monotonic() - self._began, 0.001)
        rate = (tally.done - self._first) / seconds
        return (
            f"{tally.done:,} of {self._count:,}, {rate:,.0f}/s, {tally.different:,} mismatches "
            f"in {len(tally.groups)} groups, {sum(tally.skipped.values()):,} skipped, {tally.refused:,} refused"
        )
