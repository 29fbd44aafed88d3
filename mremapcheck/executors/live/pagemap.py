"""Clearing the soft-dirty bits of this process's page table entries, where the kernel has them."""

from __future__ import annotations

import os

from mremapcheck.linux.pages import PAGE, PAGE_SHIFT
from mremapcheck.linux.syscalls import address, buffer
from mremapcheck.linux.trouble import Trouble

_MISSING = "this kernel has no soft-dirty bits: it is built without CONFIG_MEM_SOFT_DIRTY"
_SOFT_DIRTY = 1 << 55

_known: list[bool] = []


def clear_refs() -> None:
    """Let all pages count as not written; raise Trouble where the kernel does not tell which are."""
    if not _known:
        _known.append(_tells())
    if not _known[0]:
        raise Trouble(skip=_MISSING)
    fd = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, b"4")
    finally:
        os.close(fd)


def _tells() -> bool:
    """Tell whether a page that was just written is soft-dirty."""
    memory = buffer(bytes(PAGE))
    fd = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    try:
        entry = os.pread(fd, 8, address(memory) >> PAGE_SHIFT << 3)
    finally:
        os.close(fd)
    return bool(int.from_bytes(entry, "little") & _SOFT_DIRTY)
