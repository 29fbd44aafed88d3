"""Files of /proc, read whole."""

from __future__ import annotations

import os
from os import pread

_CHUNK = 1 << 16


def read_file(path: str) -> bytes:
    """Return a whole file of /proc."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read_all(fd)
    finally:
        os.close(fd)


def read_all(fd: int) -> bytes:
    """Return what an open file holds, from its beginning."""
    chunks = []
    size = 0
    while chunk := pread(fd, _CHUNK, size):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)
