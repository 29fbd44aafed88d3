"""A file in memory: memfd_create(2)."""

from __future__ import annotations

import os

from mremapcheck.linux.numbers import MFD_CLOEXEC
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, resize


def _open(size: int) -> int:
    return resize(os.memfd_create("mremapcheck", MFD_CLOEXEC), size)


KIND = Kind(
    "memfd",
    about="a file in memory (memfd_create)",
    sharing=("shared", "private"),
    file=True,
    regular=True,
    offset=True,
    backing=Backing("memfd", "shmem", placement="shmem"),
    marks=("/memfd:",),
    maker=Maker(map_file, _open, sized=True),
    c=CCode(
        open="memfd_create({title}, 0)",
        make='fd = (int)syscall(SYS_memfd_create, "mremapcheck", 1U);',
    ),
    sampling=Sampling(weight=8, uffd=("missing", "wp", "minor"), guards=True, enumerated=True),
)
