"""Private anonymous memory: what malloc(3) and stacks are made of."""

from __future__ import annotations

from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Sampling

KIND = Kind(
    "anon",
    about="private anonymous memory",
    backing=Backing("anon", "anon", anonymous=True),
    files="none",
    c=CCode(flags="MAP_ANONYMOUS"),
    sampling=Sampling(weight=20, uffd=("missing", "wp"), guards=True, names=True, continues=True),
)
