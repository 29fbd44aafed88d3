"""How a worker makes mappings of the kinds that mmap(2) alone does not make."""

from __future__ import annotations

import errno
import os

from mremapcheck.executors.live import files, rings
from mremapcheck.executors.live.kinds import NO_HUGE_PAGES
from mremapcheck.executors.live.place import move_own, protect
from mremapcheck.linux.numbers import (
    MAP_FIXED,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    SHM_REMAP,
    SYS_MMAP,
    SYS_MREMAP,
    SYS_MUNMAP,
    SYS_SHMAT,
)
from mremapcheck.linux.refusals import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    #: size in bytes -> descriptor (or another handle); raises Trouble
    Opener: TypeAlias = Callable[[int], int]
    #: (handle, length of the object, address, size, prot, sharing, offset; all in bytes); raises Trouble
    Mapper: TypeAlias = Callable[[int, int, int, int, int, int, int], None]


class Maker:
    """``mapper`` maps the object that ``opener`` makes (None: there is nothing to open).

    ``kept`` objects are used again, emptied first where they are ``sized``; the others ``closer`` closes. ``once``:
    only the end of the process takes back what was done.
    """

    __slots__ = ("closer", "kept", "mapper", "once", "opener", "sized")

    def __init__(
        self,
        mapper: Mapper,
        opener: Opener | None = None,
        closer: Callable[[int], None] = os.close,
        *,
        sized: bool = False,
        kept: bool = False,
        once: bool = False,
    ) -> None:
        self.mapper = mapper
        self.opener = opener
        self.closer = closer
        self.sized = sized
        self.kept = kept or sized
        self.once = once


def _map_file(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    if call(SYS_MMAP, start, size, prot, sharing | MAP_FIXED, fd, offset) == -1:
        raise Trouble(last_errno())


def _map_huge_file(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    try:
        _map_file(fd, length, start, size, prot, sharing, offset)
    except Trouble as trouble:
        raise Trouble(trouble.errno, NO_HUGE_PAGES if trouble.errno == errno.ENOMEM else "") from None


def _attach(segment: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Attach a segment; a part of one is attached at a distance, and moved: shmat(2) knows no parts."""
    whole = offset == 0 and size == length
    place = call(SYS_SHMAT, segment, start if whole else 0, SHM_REMAP if whole else 0)
    code = last_errno()
    files.remove_segment(segment)
    if place == -1:
        raise Trouble(code, refusal(SYS_SHMAT))
    if not whole:
        moved = call(SYS_MREMAP, place + offset, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start)
        code = last_errno()
        call(SYS_MUNMAP, place, length)
        if moved == -1:
            raise Trouble(code)
    protect(start, size, prot)


def _take_vdso(handle: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    move_own("vdso", start, size)


def _take_vvar(handle: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    move_own("vvar", start, size)


#: Kind -> how it is done.
MAKERS: dict[str, Maker] = {
    "memfd": Maker(_map_file, files.open_memfd, sized=True),
    "tmpfs": Maker(_map_file, files.open_tmpfs_file, sized=True),
    "file": Maker(_map_file, files.open_disk_file, sized=True),
    "dev-zero": Maker(_map_file, files.open_dev_zero, kept=True),
    "sysv-shm": Maker(_attach, files.open_segment, files.remove_segment),
    "io-uring": Maker(rings.map_io_uring, rings.open_io_uring),
    "aio": Maker(rings.map_aio, once=True),
    "memfd-hugetlb": Maker(_map_huge_file, files.open_huge_memfd),
    "secret": Maker(_map_file, files.open_secret),
    "vdso": Maker(_take_vdso, once=True),
    "vvar": Maker(_take_vvar, once=True),
}
