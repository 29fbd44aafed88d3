"""The range of addresses that scenarios own: free of any mapping between them, marked at its end by a sentinel."""

from __future__ import annotations

from mremapcheck.executors.live.proc import Proc
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_NORESERVE,
    MAP_PRIVATE,
    PROT_NONE,
    SYS_MMAP,
    SYS_MUNMAP,
)
from mremapcheck.linux.pages import ARENA_END, ARENA_START, PAGE, SMALL_ARENA_END
from mremapcheck.linux.syscalls import call, errno

#: Single pages behind the sentinel, so that a read beyond it finds entries that are cheap to make.
_SENTINELS = 4


class Arena:
    """Owns the arena of this process; ``proc`` must be this process's own."""

    __slots__ = ("_foreign", "_hidden", "_proc")

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        if proc.maps(0):
            raise OSError("something lies where the scenarios' addresses are")
        #: The kernel counts a page more or less than maps shows (one for the stack, since exec).
        self._hidden = 0
        self._hidden = self.measure([])
        # Mappings of the interpreter that merge between two reads hide another one.
        while proc.alike and (more := self.measure([])):
            self._hidden += more

    def clear(self, low: int, high: int, places: list[tuple[int, int]], strays: bool) -> bool:
        """Unmap [low, high) and ``places`` (start, end); tell whether nothing at all is left."""
        call(SYS_MUNMAP, low, high - low)
        for start, end in places:
            call(SYS_MUNMAP, start, end - start)
        if strays and (found := self._proc.strays()):
            for start, end in found:
                call(SYS_MUNMAP, start, end - start)
            if self._proc.strays():
                return False
        return not self._proc.maps(0)

    def counts(self, mapped: int, aside: int) -> bool:
        """Tell whether the kernel counts ``mapped`` pages for the scenario and ``aside`` for the filler, as ever.

        The interpreter maps memory too, at any time, so that another count must be measured. Where maps are made up
        nobody can measure it: the memory of the emulator, which they do not show, counts as well.
        """
        return not self._proc.alike or self._proc.total() - self._foreign - aside == mapped

    def measure(self, places: list[tuple[int, int]]) -> int:
        """Return what the kernel counts beyond the interpreter's own mappings, in pages; looks at all of them."""
        while True:
            now = self._proc.total()
            foreign = self._proc.foreign(places)
            if self._proc.total() == now:  # looking at them may have needed memory, too
                self._foreign = foreign + self._hidden
                return now - self._foreign

    def forked(self) -> None:
        """Measure anew in a forked child."""
        self._foreign = -1


def mark() -> int:
    """Map the sentinels behind the arena and return where it ends; raise OSError where that is impossible."""
    lines = read_file("/proc/self/maps").splitlines()
    starts = [int(line.partition(b"-")[0], 16) for line in lines]
    taken = any(ARENA_START <= start < ARENA_END for start in starts)
    end = SMALL_ARENA_END if taken else ARENA_END
    for index in range(_SENTINELS):
        place = end + 2 * index * PAGE
        flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
        if call(SYS_MMAP, place, PAGE, PROT_NONE, flags, -1, 0) != place:
            raise OSError(errno(), "the place of the arena cannot be mapped")
    return end
