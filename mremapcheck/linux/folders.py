"""Where files can lie: folders on a disk's file system, and on tmpfs."""

from __future__ import annotations

import os
import struct

from mremapcheck.linux.numbers import BTRFS_MAGIC, EXT4_MAGIC, SYS_STATFS, TMPFS_MAGIC, XFS_MAGIC
from mremapcheck.linux.syscalls import address, buffer, call

DISK = (EXT4_MAGIC, XFS_MAGIC, BTRFS_MAGIC)
TMPFS = (TMPFS_MAGIC,)
#: Why no folder is on one of these, where that is known: a guest has no TMPDIR that its user could set.
missing: dict[tuple[int, ...], str] = {}


def candidates() -> list[str]:
    """Return folders for temporary files, most wanted first; they need not exist."""
    home = os.environ.get("HOME", "")
    cache = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return [
        folder for folder in (os.environ.get("TMPDIR"), "/tmp", "/var/tmp", cache, home, "/dev/shm", runtime) if folder
    ]


def find(magics: tuple[int, ...]) -> str | None:
    """Return a writable folder whose statfs magic is one of these; rather one that is not mounted noexec."""
    fallback = None
    for folder in candidates():
        if _magic(folder) not in magics or not os.access(folder, os.W_OK | os.X_OK):
            continue
        if not os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return folder
        fallback = fallback or folder
    return fallback


def _magic(folder: str) -> int:
    path, answer = buffer(os.fsencode(folder)), buffer(256)
    if call(SYS_STATFS, address(path), address(answer)) == -1:
        return 0
    return int(struct.unpack_from("<q", answer)[0])
