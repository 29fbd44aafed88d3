"""The pages of the kernel that this process runs on, and where the addresses of scenarios lie on it, in bytes."""

from __future__ import annotations

import mmap

from mremapcheck.base import units

PAGE = mmap.PAGESIZE
PAGE_SHIFT = PAGE.bit_length() - 1
ARENA_START = units.ARENA_START // units.PAGE * PAGE
ARENA_END = units.ARENA_END // units.PAGE * PAGE
SMALL_ARENA_END = units.SMALL_ARENA_END // units.PAGE * PAGE


def page_align(size: int) -> int:
    """Round ``size`` bytes up to whole pages, modulo 2^64 as the kernel's PAGE_ALIGN() does."""
    return (size + PAGE - 1) & -PAGE & units.U64
