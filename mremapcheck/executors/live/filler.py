"""Using up vm.max_map_count, but for an exact number of mappings."""

from __future__ import annotations

from mremapcheck.executors.live.proc import Proc
from mremapcheck.executors.live.shortage import no_memory
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    MAP_ANONYMOUS,
    MAP_NORESERVE,
    MAP_PRIVATE,
    MAP_SHARED,
    PROT_NONE,
    PROT_READ,
    PROT_WRITE,
    SYS_MMAP,
    SYS_MPROTECT,
    SYS_MUNMAP,
)
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.syscalls import call, call_once, errno
from mremapcheck.linux.trouble import Trouble

#: Filling takes 2 us and 200 bytes of the kernel's memory for each mapping.
_MOST_MAPPINGS = 1 << 21
#: Map slots that a parked filler leaves to others.
ROOM = 512


class Filler:
    """A range cut into single pages, each a mapping of its own, until the kernel allows no more.

    Nothing tells a process how many mappings it is counted for, so they are not counted: split until the kernel
    refuses, then unmap as many pages as mappings shall be free. Cutting all of it takes 100 ms; so between scenarios
    that need it it is only parked.
    """

    __slots__ = ("_beyond", "_free", "_length", "_limit", "_parked", "_start", "_used")

    def __init__(self) -> None:
        self._start = 0
        #: Pages in all, the first of which are unmapped again (``_free``), and those up to ``_used`` single.
        self._length = 0
        self._free = 0
        self._used = 0
        self._limit = 0
        self._parked = False
        #: Where the mapping is that is one more than the kernel allows; 0: there is none.
        self._beyond = 0

    @property
    def pages(self) -> int:
        """How many pages it has mapped."""
        return self._length - self._free + (self._beyond > 0)

    def prepare(self, proc: Proc) -> None:
        """Use up nearly all map slots, as far as that is not done yet; raise Trouble."""
        limit = int(read_file("/proc/sys/vm/max_map_count"))
        if limit != self._limit or self._used + 4 * ROOM > self._length:
            self.release()
        if not self._length:
            self._map(limit, proc)
            self._split_by_two(limit - len(proc.all_maps()) - 16)

    def leave(self, free: int) -> None:
        """Use up all but ``free`` of them, -1: with one mapping more; raise Trouble. What is prepared comes first."""
        self._split_to_the_end()
        if free >= 0:
            self._unmap(free)
        else:
            self._exceed()
        self._parked = False

    def park(self) -> None:
        """Leave ``ROOM`` to whatever comes between two scenarios that need it; nothing to do where that is so."""
        if self._parked or not self._length:
            return
        self._withdraw()
        if self._used - self._free > ROOM:
            self._unmap(ROOM)
            self._parked = True
        else:
            self.release()

    def release(self) -> None:
        """Give all map slots back. What was unmapped before may be somebody else's by now."""
        self._withdraw()
        if self._length:
            call(SYS_MUNMAP, self._start + self._free * PAGE, self.pages * PAGE)
            self._length = self._free = self._used = 0
            self._parked = False

    def _exceed(self) -> None:
        """Map one page more, which mmap alone does: it looks whether there are too many already."""
        self._beyond = call_once(SYS_MMAP, 0, PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        if self._beyond == -1:
            self._beyond = 0
            raise Trouble(errno())

    def _withdraw(self) -> None:
        if self._beyond:
            call(SYS_MUNMAP, self._beyond, PAGE)
            self._beyond = 0

    def _map(self, limit: int, proc: Proc) -> None:
        if limit > _MOST_MAPPINGS:
            raise Trouble(0, f"vm.max_map_count is {limit}, too many to use up: set it to 65530")
        length = 2 * limit + 8 * ROOM
        self._start = call(SYS_MMAP, 0, length * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        if self._start == -1:
            raise Trouble(errno(), no_memory(length * PAGE, proc, True))
        self._length = length
        self._limit = limit

    def _split_by_two(self, slots: int) -> None:
        """Make single pages, two with each call."""
        while self._used + 2 <= slots:
            if call_once(SYS_MPROTECT, self._start + (self._used + 1) * PAGE, PAGE, PROT_READ) == -1:
                raise Trouble(errno())
            self._used += 2

    def _split_to_the_end(self) -> None:
        """Make single pages, one with each call, until no split is possible; one of two could fail halfway."""
        prot = PROT_READ if self._used % 2 else PROT_READ | PROT_WRITE
        while call_once(SYS_MPROTECT, self._start + self._used * PAGE, PAGE, prot) == 0:
            self._used += 1
            prot ^= PROT_WRITE

    def _unmap(self, slots: int) -> None:
        if self._used - self._free <= slots:
            raise Trouble(0, f"vm.max_map_count leaves no {slots} mappings")
        call(SYS_MUNMAP, self._start + self._free * PAGE, slots * PAGE)
        self._free += slots
