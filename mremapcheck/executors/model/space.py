"""What a platform makes of a process's address space, in the model's own units: those of drawings, with pages of 4K."""

from __future__ import annotations

from functools import cache

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE
from mremapcheck.linux.platforms.platform import Platform

#: RAM and swap of the machine, in bytes: one request may charge as much with vm.overcommit_memory=0.
_MEMORY = 1 << 40
#: What a read fault looks at, in bytes (fault_around_bytes).
_AROUND = 64 << 10
#: Bytes of an entry of a page table.
_ENTRY = 8


@dataclass(frozen=True, slots=True)
class Space:
    """``end`` of user space and ``lowest`` address (vm.mmap_min_addr) as in drawings; the others are pages.

    ``memory``: what one request may charge; ``around``: what a read fault looks at; ``table``: what a page table maps.
    """

    end: int
    lowest: int
    memory: int
    around: int
    table: int
    platform: Platform


@cache
def space_of(platform: Platform) -> Space:
    """Return the address space that processes have on a platform."""
    page = platform.page_size
    return Space(
        platform.from_bytes(platform.user_end),
        -(-platform.lowest // page) * PAGE,
        _MEMORY // page,
        max(_AROUND // page, 1),
        page // _ENTRY,
        platform,
    )
