"""The verdicts: one word for what a move did, as scenarios expect it and as outcomes say it."""

from __future__ import annotations

from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["moved", "resized", "unchanged", "duplicated", "refused", "partial", "damaged"]

#: The verdicts of a call that failed.
FAILURES: tuple[Verdict, ...] = ("refused", "partial", "damaged")
VERDICTS: tuple[Verdict, ...] = ("moved", "resized", "unchanged", "duplicated", *FAILURES)
