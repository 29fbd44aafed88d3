"""The data beside the vdso: the vvar."""

from __future__ import annotations

from mremapcheck.linux.vm_flags import DONTDUMP, DONTEXPAND, EXEC, IO, MIXEDMAP, PFNMAP, READ, WRITE
from mremapcheck.scenario.kinds.kind import Backing, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.own import c_own, move_own


def _backing(flags: int) -> Backing:
    base = DONTEXPAND | flags
    return Backing("vvar", "vvar", has_close=True, base_flags=base, access=READ, never=WRITE | EXEC)


KIND = Kind(
    "vvar",
    about="the process's vvar, the vdso's data",
    touched=False,
    feature="vdso",
    backing=_backing(IO | PFNMAP | DONTDUMP),
    became=(
        ("vvar-of-pages", _backing(IO | MIXEDMAP | DONTDUMP)),
        ("vvar-is-memory", _backing(MIXEDMAP | DONTDUMP)),
    ),
    files="none",
    marks=("[vvar",),
    maker=Maker(move_own("vvar"), once=True, clock=True),
    c=c_own("vvar"),
    sampling=Sampling(weight=0.015, special=True, costly=True, pages=4),
)
