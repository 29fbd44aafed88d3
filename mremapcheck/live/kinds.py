"""Kinds of mappings: how each is made, and how /proc/self/maps shows it. A new kind is one more entry of ``KINDS``."""

from __future__ import annotations

import errno
import os

from mremapcheck.live import files, rings
from mremapcheck.live.constants import (
    MAP_ANONYMOUS,
    MAP_DROPPABLE,
    MAP_FIXED,
    MAP_GROWSDOWN,
    MAP_HUGETLB,
    MAP_PRIVATE,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    PROT_READ,
    PROT_WRITE,
    SHM_REMAP,
    SYS_MMAP,
    SYS_MPROTECT,
    SYS_MREMAP,
    SYS_MUNMAP,
    SYS_SHMAT,
)
from mremapcheck.live.place import move_own
from mremapcheck.live.syscalls import call
from mremapcheck.live.syscalls import errno as last_errno
from mremapcheck.live.wire import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    #: size in bytes -> descriptor (or another handle); raises Trouble
    Opener: TypeAlias = Callable[[int], int]
    #: (handle, length of the object, address, size, prot, sharing, offset; all in bytes); raises Trouble
    Mapper: TypeAlias = Callable[[int, int, int, int, int, int, int], None]

_NO_HUGE_PAGES = "no free huge pages: set vm.nr_hugepages"


class Kind:
    """How mappings of one kind are made.

    ``backing`` is its name in outcomes, ``marks`` how the names in /proc/self/maps begin (none: any other name).
    Without ``mapper`` mmap(2) needs no object, only ``flags`` (and ``private`` for private mappings). Otherwise
    ``opener`` makes the object (None: there is nothing to open) and ``mapper`` maps it; ``sized`` objects can be
    emptied and used again, the others ``closer`` closes. ``once``: only the end of the process takes back what was
    done. ``skip``: errno of mmap(2) -> the reason.
    """

    __slots__ = ("backing", "closer", "flags", "mapper", "marks", "once", "opener", "private", "sized", "skip")

    def __init__(
        self,
        backing: str,
        *marks: str,
        flags: int = 0,
        private: int = MAP_PRIVATE,
        opener: Opener | None = None,
        mapper: Mapper | None = None,
        closer: Callable[[int], None] = os.close,
        sized: bool = False,
        once: bool = False,
        skip: dict[int, str] | None = None,
    ) -> None:
        self.backing = backing
        self.marks = marks
        self.flags = flags
        self.private = private
        self.opener = opener
        self.mapper = mapper
        self.closer = closer
        self.sized = sized
        self.once = once
        self.skip = skip or {}


def _map_file(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    if call(SYS_MMAP, start, size, prot, sharing | MAP_FIXED, fd, offset) == -1:
        raise Trouble(last_errno())


def _map_huge_file(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    try:
        _map_file(fd, length, start, size, prot, sharing, offset)
    except Trouble as trouble:
        raise Trouble(trouble.errno, _NO_HUGE_PAGES if trouble.errno == errno.ENOMEM else "") from None


def _attach(segment: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Attach a segment; a part of one is attached at a distance, and moved: shmat(2) knows no parts."""
    whole = offset == 0 and size == length
    place = call(SYS_SHMAT, segment, start if whole else 0, SHM_REMAP if whole else 0)
    code = last_errno()
    files.remove_segment(segment)
    if place == -1:
        raise Trouble(code)
    if not whole:
        moved = call(SYS_MREMAP, place + offset, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start)
        code = last_errno()
        call(SYS_MUNMAP, place, length)
        if moved == -1:
            raise Trouble(code)
    if prot != PROT_READ | PROT_WRITE and call(SYS_MPROTECT, start, size, prot) == -1:
        raise Trouble(last_errno())


def _take_vdso(handle: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    move_own("vdso", start, size)


def _take_vvar(handle: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    move_own("vvar", start, size)


#: Names of the scenario format -> how it is done. ``anon-shared`` and ``dev-zero`` differ in maps by "(deleted)".
KINDS: dict[str, Kind] = {
    "anon": Kind("anon", flags=MAP_ANONYMOUS),
    "anon-shared": Kind("shmem", "/dev/zero (deleted)", "[anon_shmem:", flags=MAP_ANONYMOUS),
    "memfd": Kind("shmem", "/memfd:", opener=files.open_memfd, mapper=_map_file, sized=True),
    "tmpfs": Kind("shmem", opener=files.open_tmpfs_file, mapper=_map_file, sized=True),
    "file": Kind("file", opener=files.open_disk_file, mapper=_map_file, sized=True),
    "dev-zero": Kind("dev-zero", "/dev/zero", opener=files.open_dev_zero, mapper=_map_file),
    "sysv-shm": Kind("sysv-shm", "/SYSV", opener=files.open_segment, mapper=_attach, closer=files.remove_segment),
    "io-uring": Kind("io-uring", "anon_inode:[io_uring]", opener=rings.open_io_uring, mapper=rings.map_io_uring),
    "aio": Kind("aio", "/[aio]", mapper=rings.map_aio, once=True),
    "hugetlb": Kind(
        "hugetlb", "/anon_hugepage", flags=MAP_ANONYMOUS | MAP_HUGETLB, skip={errno.ENOMEM: _NO_HUGE_PAGES}
    ),
    "memfd-hugetlb": Kind("hugetlb", "/memfd:huge", opener=files.open_huge_memfd, mapper=_map_huge_file),
    "droppable": Kind(
        "anon",
        flags=MAP_ANONYMOUS,
        private=MAP_DROPPABLE,
        skip={errno.EINVAL: "this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed"},
    ),
    "growsdown": Kind("anon", flags=MAP_ANONYMOUS | MAP_GROWSDOWN),
    "secret": Kind("secret", "/secretmem", opener=files.open_secret, mapper=_map_file),
    "vdso": Kind("vdso", "[vdso]", mapper=_take_vdso, once=True),
    "vvar": Kind("vvar", "[vvar", mapper=_take_vvar, once=True),
}
