"""A stack: mmap(2) with MAP_GROWSDOWN."""

from __future__ import annotations

from mremapcheck.linux.numbers import MAP_ANONYMOUS, MAP_GROWSDOWN
from mremapcheck.linux.vm_flags import GROWSDOWN
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Sampling

KIND = Kind(
    "growsdown",
    about="memory that grows down like a stack (MAP_GROWSDOWN)",
    backing=Backing("growsdown", "anon", anonymous=True, base_flags=GROWSDOWN),
    files="none",
    flags=MAP_ANONYMOUS | MAP_GROWSDOWN,
    c=CCode(flags="MAP_ANONYMOUS | MAP_GROWSDOWN"),
    sampling=Sampling(weight=1),
)
