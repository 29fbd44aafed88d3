"""Committed_AS of /proc/meminfo, the memory that is promised to all processes of the machine together.

Nobody is told his own share. So a change is believed only if it is the same whenever the scenario is run, and if here
the kernel tells exactly: before 5.9 it read a counter that each processor has a part of, without adding these up.
"""

from __future__ import annotations

import os

from mremapcheck.linux.numbers import (
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    PROT_READ,
    PROT_WRITE,
    SYS_MMAP,
    SYS_MUNMAP,
)
from mremapcheck.linux.pages import PAGE, PAGE_SHIFT
from mremapcheck.linux.syscalls import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mremapcheck.executors.live.wire import Observation

_NAME = b"Committed_AS:"
#: So often in a row all changes have to be the same, in no more than so many runs.
_AGREEING, _RUNS = 3, 12
#: Pages that are promised and given back to see whether that is told.
_PROBE = 3
_NOISY = "other processes change Committed_AS while this scenario runs: leave the machine alone, or ask a vm: kernel"
_ROUGH = "this kernel does not tell Committed_AS exactly: Linux 5.9 or later is needed"


class Committed:
    """By how much a call changes it. The file stays open; it tells a forked child the same."""

    __slots__ = ("_before", "_fd")

    def __init__(self) -> None:
        self._fd = os.open("/proc/meminfo", os.O_RDONLY | os.O_CLOEXEC)
        self._before = 0

    def begin(self) -> None:
        """Remember what it is now."""
        self._before = self._read()

    def end(self) -> int:
        """Return by how many pages it has grown."""
        return self._read() - self._before

    def is_exact(self) -> bool:
        """Tell whether a few pages more and less show; where other processes disturb it takes several looks."""
        return any(self._shows() for _ in range(_RUNS))

    def _shows(self) -> bool:
        self.begin()
        place = call(SYS_MMAP, 0, _PROBE * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        more = self.end()
        call(SYS_MUNMAP, place, _PROBE * PAGE)
        return more == _PROBE and self.end() == 0

    def _read(self) -> int:
        text = os.pread(self._fd, 8192, 0)
        at = text.index(_NAME) + len(_NAME)
        return int(text[at : text.index(b"kB", at)]) >> (PAGE_SHIFT - 10)


def steady(committed: Committed, run: Callable[[], tuple[Observation, bool]]) -> tuple[Observation, bool]:
    """Run a plan until its changes were the same several times in a row; an observation that is a skip where never."""
    if not committed.is_exact():
        return _skip(_ROUGH), True
    agreeing, last = 0, None
    for _ in range(_RUNS):
        observation, clean = run()
        if len(observation) == 5:  # trouble, which another run would have, too
            return observation, clean
        changes = [move[-1] for move in observation[0]]
        agreeing = agreeing + 1 if changes == last else 1
        last = changes
        if agreeing == _AGREEING:
            return observation, clean
        if not clean:
            return _skip("this scenario leaves something behind, and cannot be run again to see whether"), False
    return _skip(_NOISY), True


def _skip(reason: str) -> Observation:
    return 0, 0, reason, -1, ""
