"""The data beside the vdso: the vvar."""

from __future__ import annotations

from dataclasses import replace

from mremapcheck.kinds.kind import Backing, Draw, Kind, Maker
from mremapcheck.kinds.own import c_own, move_own
from mremapcheck.linux.vm_flags import DONTDUMP, DONTEXPAND, EXEC, IO, MIXEDMAP, PFNMAP, READ, WRITE

_BACKING = Backing(
    "vvar",
    "vvar",
    has_close=True,
    base_flags=IO | PFNMAP | DONTEXPAND | DONTDUMP,
    access=READ,
    never=WRITE | EXEC,
)

KIND = Kind(
    "vvar",
    about="the process's vvar, the vdso's data",
    touched=False,
    feature="vdso",
    backing=_BACKING,
    became=(
        ("vvar-of-pages", replace(_BACKING, base_flags=IO | MIXEDMAP | DONTEXPAND | DONTDUMP)),
        ("vvar-is-memory", replace(_BACKING, base_flags=MIXEDMAP | DONTEXPAND | DONTDUMP)),
    ),
    files="none",
    marks=("[vvar",),
    maker=Maker(move_own("vvar"), once=True, clock=True),
    c=c_own("vvar"),
    draw=Draw(weight=0.015, special=True, costly=True, pages=4),
)
