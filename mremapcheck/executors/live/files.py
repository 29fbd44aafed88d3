"""The files that mappings map: opened without a name, so that nothing can be left behind."""

from __future__ import annotations

import errno
import os

from mremapcheck.executors.live.shortage import reason
from mremapcheck.linux import folders
from mremapcheck.linux.numbers import (
    IPC_CREAT,
    IPC_RMID,
    MFD_CLOEXEC,
    MFD_HUGETLB,
    SYS_MEMFD_SECRET,
    SYS_SHMCTL,
    SYS_SHMGET,
)
from mremapcheck.linux.refusals import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

_folders: dict[tuple[int, ...], str | None] = {}


def open_memfd(size: int) -> int:
    """Open a memfd of ``size`` bytes."""
    return _resize(os.memfd_create("mremapcheck", MFD_CLOEXEC), size)


def open_huge_memfd(size: int) -> int:
    """Open a memfd on hugetlbfs."""
    try:
        fd = os.memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB)
    except OSError as error:
        missing = "this kernel has no huge pages for memfds (CONFIG_HUGETLBFS)"
        raise Trouble(error.errno or 0, reason(error) or missing) from None
    return _resize(fd, size)


def open_disk_file(size: int) -> int:
    """Open a regular file on a disk's file system whose files may be mapped with huge pages: ext4, xfs, btrfs."""
    return _open_in(
        folders.DISK,
        size,
        "no writable folder on ext4, xfs or btrfs: set TMPDIR to one",
    )


def open_tmpfs_file(size: int) -> int:
    """Open a regular file on tmpfs."""
    return _open_in(folders.TMPFS, size, "no writable folder on tmpfs: mount one on /dev/shm, or set TMPDIR to one")


def open_dev_zero(size: int) -> int:
    """Open /dev/zero; ``size`` means nothing to it."""
    try:
        return os.open("/dev/zero", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise Trouble(error.errno or 0, f"/dev/zero cannot be opened: {error.strerror}") from None


def open_secret(size: int) -> int:
    """Open a memfd_secret(2) file of ``size`` bytes."""
    fd = call(SYS_MEMFD_SECRET, 0)
    if fd == -1:
        code = last_errno()
        skip = {
            errno.ENOSYS: "memfd_secret is off: Linux 5.14 or later, up to 6.4 booted with secretmem.enable=1",
        }
        raise Trouble(code, refusal(SYS_MEMFD_SECRET) or skip.get(code, ""))
    return _resize(fd, size)


def open_segment(size: int) -> int:
    """Make a System V shared memory segment and return its id."""
    segment = call(SYS_SHMGET, 0, size, IPC_CREAT | 0o600)
    if segment == -1:
        code = last_errno()
        missing = "this kernel is built without System V IPC (CONFIG_SYSVIPC)"
        raise Trouble(code, refusal(SYS_SHMGET) or (missing if code == errno.ENOSYS else ""))
    return segment


def remove_segment(segment: int) -> None:
    """Let the segment end with its last attachment."""
    call(SYS_SHMCTL, segment, IPC_RMID, 0)


def _open_in(magics: tuple[int, ...], size: int, hint: str) -> int:
    if magics not in _folders:
        _folders[magics] = folders.find(magics)
    folder = _folders[magics]
    if folder is None:
        raise Trouble(0, hint)
    fd = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    return _resize(fd, size)


def _resize(fd: int, size: int) -> int:
    os.ftruncate(fd, size)
    return fd
