"""The verdicts: one word for what a move did, as scenarios expect it and as outcomes say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["moved", "resized", "unchanged", "duplicated", "refused", "partial", "damaged"]

#: The verdicts of a call that succeeded, and what is left after it.
SUCCESSES: Mapping[Verdict, str] = {
    "moved": "the source is at the new place",
    "resized": "the mapping has grown or shrunk where it was",
    "unchanged": "there was nothing to do",
    "duplicated": "`old_size` was 0: the pages are at both places",
}
#: The verdicts of a call that failed, and what is left after it.
FAILURES: Mapping[Verdict, str] = {
    "refused": "exactly what was there before: an *early failure*",
    "partial": "at least one mapping has moved: a *partial move*",
    "damaged": "nothing has moved, but the destination or a tail of the source is gone",
}
VERDICTS: tuple[Verdict, ...] = (*SUCCESSES, *FAILURES)
