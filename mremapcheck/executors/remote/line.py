"""The far end of a line to the tool."""

from __future__ import annotations

import os


class Line:
    """The line to the tool: the descriptor that is read (-1: nothing comes any more), and the one that is written."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink

    def write(self, data: bytes) -> None:
        """Write everything, waiting where the other side is slow."""
        while data:
            data = data[os.write(self.sink, data) :]
