"""Getting a mapping for which the kernel chooses the place to be where and as we want it."""

from __future__ import annotations

from errno import EEXIST

from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_FIXED_NOREPLACE,
    MAP_NORESERVE,
    MAP_PRIVATE,
    PROT_NONE,
    PROT_READ,
    PROT_WRITE,
    SYS_MMAP,
    SYS_MPROTECT,
    SYS_MUNMAP,
)
from mremapcheck.linux.pages import ARENA_START, PAGE
from mremapcheck.linux.syscalls import call, errno
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: The kernel keeps this much free below a stack (stack_guard_gap), and looks for free ranges only below that.
_STACK_GAP = 256 * PAGE
_FILLER = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE


#: Where a ring was put that did not go into the only gap.
ELSEWHERE = "the kernel puts rings elsewhere here: run without `ulimit -s unlimited` and `setarch -L`"


def leave_one_gap(start: int, size: int, make: Callable[[], None]) -> None:
    """Call ``make`` while [start, start+size) in bytes is the highest free range of the address space.

    io_uring and aio rings refuse an address of the caller's choice, and the kernel takes the highest range that fits:
    so every other one is filled for a moment, those of the arena too. Where the interpreter wants memory at that very
    moment it gets it below the arena, where no scenario takes it away again. So the arena is what is freed last, and a
    page right below it stays: what lies there must not grow into it. Raises Trouble.
    """
    filled = []
    try:
        _fill(ARENA_START - PAGE, PAGE, MAP_FIXED_NOREPLACE)
        _fill(start, size, MAP_FIXED)
        while gaps := _gaps():  # again, because the interpreter may have mapped and unmapped memory meanwhile
            for low, high in gaps:
                if _fill(low, high - low, MAP_FIXED_NOREPLACE):
                    filled.append((low, high - low))
        call(SYS_MUNMAP, start, size)
        make()
    finally:
        for low, length in sorted(filled, reverse=True):
            call(SYS_MUNMAP, low, length)


def _fill(start: int, size: int, how: int) -> bool:
    """Map what nobody may use; tell whether nothing was there already, where that matters to ``how``."""
    if call(SYS_MMAP, start, size, PROT_NONE, _FILLER | how, -1, 0) == start:
        return True
    if errno() == EEXIST:
        return False
    raise Trouble(errno(), "the address space cannot be filled around a ring: raise RLIMIT_AS and vm.max_map_count")


def protect(start: int, size: int, prot: int) -> None:
    """Give a mapping that the kernel has made rw the protection that was asked for; raise Trouble."""
    if prot != PROT_READ | PROT_WRITE and call(SYS_MPROTECT, start, size, prot) == -1:
        raise Trouble(errno())


def _gaps() -> list[tuple[int, int]]:
    """Return the (start, end) of the free ranges from the arena up to the stack."""
    gaps = []
    free = ARENA_START
    for low, high, path in mappings():
        stack = path == "[stack]"
        end = low - _STACK_GAP if stack else low
        if end > free:
            gaps.append((free, end))
        if stack:
            break
        free = max(free, high)
    return gaps


def mappings() -> list[tuple[int, int, str]]:
    """Return start, end and name of each of this process's mappings."""
    found = []
    for line in read_file("/proc/self/maps").decode("utf-8", "replace").splitlines():
        fields = line.split(None, 5)
        low, high = fields[0].split("-")
        found.append((int(low, 16), int(high, 16), fields[5] if len(fields) == 6 else ""))
    return found
