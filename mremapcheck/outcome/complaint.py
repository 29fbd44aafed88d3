"""What a kernel complained of, in a line that is the same whenever it complains of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Lines that only frame what follows.
_FRAME = re.compile(r"-+\[ cut here \]-+|=+|\(.*\)")
#: What differs from one time to the next: numbers, addresses, names of processes.
_NUMBERS = re.compile(r"\b(?:0x[0-9a-f]+|[0-9a-f]{8,}|[0-9a-f]*[0-9][0-9a-f]*)\b")


def headline(log: Sequence[str]) -> str:
    """Return the line that says what a complaint is about, numbers replaced by N."""
    told = next((line for line in log if line and not _FRAME.fullmatch(line)), "")
    return _NUMBERS.sub("N", told)
