"""A file in memory: memfd_create(2)."""

from __future__ import annotations

import os

from mremapcheck.linux.numbers import MFD_ALLOW_SEALING, MFD_CLOEXEC
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, resize


def _open(size: int) -> int:
    return resize(os.memfd_create("mremapcheck", MFD_CLOEXEC | MFD_ALLOW_SEALING), size)


KIND = Kind(
    "memfd",
    about="a file in memory (memfd_create)",
    sharing=("shared", "private"),
    file=True,
    regular=True,
    sealable=True,
    offset=True,
    backing=Backing("memfd", "shmem", placement="shmem"),
    marks=("/memfd:",),
    maker=Maker(map_file, _open, sized=True),
    c=CCode(
        open="memfd_create({title}, MFD_ALLOW_SEALING)",
        make='fd = (int)syscall(SYS_memfd_create, "mremapcheck", 1U | 2U);',
    ),
    sampling=Sampling(weight=8, uffd=("missing", "wp", "minor"), guards=True, enumerated=True),
)
