"""Room for what the kernel has to find a place for, with nothing beside it that could merge with it.

Memory of the interpreter lies next to the highest free ranges. What nobody has written to yet could become one with it,
and would then be another mapping than the scenario's.
"""

from __future__ import annotations

from mremapcheck.linux.numbers import MAP_ANONYMOUS, MAP_SHARED, PROT_NONE, SYS_MMAP, SYS_MUNMAP
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.syscalls import call

#: More free ranges than a process has that are just large enough.
_MOST = 64


class Gap:
    """Mappings of our own that leave one range for the next move, as long as there is memory for them."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[tuple[int, int]] = []

    def make(self, size: int) -> None:
        """Leave a range of just so many bytes, between two pages of ours, and fill what is higher."""
        place = self._map(size + 2 * PAGE)
        if place < 0:
            return
        call(SYS_MUNMAP, place + PAGE, size)
        self._made[-1:] = [(place, PAGE), (place + PAGE + size, PAGE)]
        for _ in range(_MOST):
            found = self._map(size)
            if found in (-1, place + PAGE):
                break
        if self._made[-1] == (place + PAGE, size):
            call(SYS_MUNMAP, *self._made.pop())

    def close(self) -> None:
        """Unmap them."""
        for place, size in self._made:
            call(SYS_MUNMAP, place, size)
        self._made.clear()

    def _map(self, size: int) -> int:
        place = call(SYS_MMAP, 0, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        if place != -1:
            self._made.append((place, size))
        return place
