"""What several kinds have in common when they are mapped: files without a name, so that nothing can be left behind."""

from __future__ import annotations

import os

from mremapcheck.linux import folders
from mremapcheck.linux.numbers import MAP_FIXED, SYS_MMAP
from mremapcheck.linux.syscalls import call, errno
from mremapcheck.linux.trouble import Trouble

_folders: dict[tuple[int, ...], str | None] = {}


def map_file(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Map a part of an open file (a Mapper); raise Trouble."""
    if call(SYS_MMAP, start, size, prot, sharing | MAP_FIXED, fd, offset) == -1:
        raise Trouble(errno())


def open_in(magics: tuple[int, ...], size: int, missing: str) -> int:
    """Open a file of ``size`` bytes on a file system with one of these magic numbers.

    Raises Trouble with ``missing`` as the reason where no folder is on one, OSError where the file cannot be made.
    """
    if magics not in _folders:
        _folders[magics] = folders.find(magics)
    folder = _folders[magics]
    if folder is None:
        raise Trouble(0, folders.missing.get(magics, missing))
    return resize(os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), size)


def resize(fd: int, size: int) -> int:
    """Give a new file its length in bytes, and return it."""
    os.ftruncate(fd, size)
    return fd
