"""The line on the terminal: never longer than the terminal is wide."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from collections import Counter

from mremapcheck.campaign.campaign import Totals
from mremapcheck.campaign.progress import Progress


def test_the_line_fits_onto_the_terminal() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    tally = Totals(done=123_456, different=1_000, skipped=Counter(mseal=5_000), refused=90_000)
    with os.fdopen(theirs, "w") as stream:
        Progress(stream, tally, 1_000_000).show(tally, now=True)
        shown = os.read(ours, 1 << 12).decode()
    os.close(ours)
    line = shown.removeprefix("\r\x1b[K")
    assert line.startswith("123,456 of 1,000,000, ") and len(line) == 49
