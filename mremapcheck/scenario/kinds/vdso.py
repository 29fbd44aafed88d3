"""The kernel's code that every process has: the vdso."""

from __future__ import annotations

from mremapcheck.linux.vm_flags import DONTEXPAND, EXEC, READ
from mremapcheck.scenario.kinds.kind import Backing, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.own import c_own, move_own

KIND = Kind(
    "vdso",
    about="the process's vdso",
    touched=False,
    feature="vdso",
    backing=Backing("vdso", "vdso", has_close=True, base_flags=DONTEXPAND, access=READ | EXEC),
    files="none",
    marks=("[vdso]",),
    maker=Maker(move_own("vdso"), once=True, clock=True),
    c=c_own("vdso"),
    sampling=Sampling(weight=0.015, special=True, costly=True, pages=2),
)
