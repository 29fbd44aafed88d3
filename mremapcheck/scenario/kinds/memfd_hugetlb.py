"""A file of huge pages: memfd_create(2) with MFD_HUGETLB."""

from __future__ import annotations

import os

from mremapcheck.linux.numbers import MFD_CLOEXEC, MFD_HUGETLB
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds.hugetlb import BACKING, NO_HUGE_PAGES
from mremapcheck.scenario.kinds.kind import CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, resize

_MISSING = "this kernel has no huge pages for memfds (CONFIG_HUGETLBFS)"


def _open(size: int) -> int:
    try:
        fd = os.memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB)
    except OSError as error:
        raise Trouble(error.errno or 0, _MISSING) from None
    return resize(fd, size)


def _map(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    try:
        map_file(fd, length, start, size, prot, sharing, offset)
    except Trouble as trouble:
        raise Trouble(trouble.errno, NO_HUGE_PAGES.get(trouble.errno, "")) from None


KIND = Kind(
    "memfd-hugetlb",
    about="a file of huge pages (memfd_create with MFD_HUGETLB)",
    sharing=("shared", "private"),
    file=True,
    offset=True,
    feature="hugetlb",
    backing=BACKING,
    marks=("/memfd:huge",),
    maker=Maker(_map, _open),
    skip=NO_HUGE_PAGES,
    c=CCode(
        open="memfd_create({title}, MFD_HUGETLB)",
        make=f"""\
fd = (int)syscall(SYS_memfd_create, "huge", 1U | 4U);
if (fd < 0)
	skip("{_MISSING}");""",
    ),
    sampling=Sampling(special=True),
)
