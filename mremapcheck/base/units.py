"""Pages, bytes and the user address space of x86-64, in the kernel's own arithmetic."""

from __future__ import annotations

PAGE_SHIFT = 12
PAGE = 1 << PAGE_SHIFT
U64 = (1 << 64) - 1

#: End of user space with 4-level page tables, in bytes (2^47 minus the guard page).
TASK_SIZE = (1 << 47) - PAGE

# The arena starts low: below a position-independent interpreter, its libraries and its stack, so that its mappings
# come first in /proc/self/maps and smaps and a short read is enough.
#: First byte that any scenario may map.
ARENA_START = 0x10_0000_0000
#: No scenario maps anything from here on (regions with the widest gaps of the largest scenario end well before it).
ARENA_END = 0x200_0000_0000
#: Where it ends at the latest in QEMU's user mode, which maps from 256 GiB on what has no place of its own.
SMALL_ARENA_END = 0x38_0000_0000


def page_align(size: int) -> int:
    """Round ``size`` bytes up to whole pages, modulo 2^64 as PAGE_ALIGN() does: lengths above 2^64-4096 become 0."""
    return (size + PAGE - 1) & ~(PAGE - 1) & U64


def pages(size: int) -> int:
    """Return how many whole pages ``size`` bytes take."""
    return page_align(size) >> PAGE_SHIFT
