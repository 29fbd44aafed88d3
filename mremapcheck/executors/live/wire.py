"""What travels between the tool and a worker: a scenario made ready (a plan), and what the worker saw (an observation).

Both are tuples of plain values that ``marshal`` takes. A worker knows nothing else of a scenario; it is started often,
so nothing on its side of this file imports more than it needs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    #: (code, argument...) with the codes below.
    Step: TypeAlias = tuple[Any, ...]
    #: What came of a plan. All steps were done: (moves, records, bounds, present, read, total, locked, events, inodes,
    #: bits).
    #: One was not: (number of the step, errno, skip, page, fault), see Trouble. ``records`` what ``Smaps.records``
    #: returned; ``bounds`` how much of each counts, None: all; ``present`` what ``presence`` returned, ``read`` what
    #: ``contents`` returned; ``total`` and ``locked`` pages; ``inodes`` inode -> backing;
    #: ``bits`` what ``bits`` returned, None where the plan does not ask for it.
    Observation: TypeAlias = tuple[Any, ...]
    #: What came of one mremap call: errno or 0, result, was an allocation made to fail, lines of maps before, residency
    #: before, the same after. These are None where they do not matter: all where it succeeded or changed nothing, the
    #: last two where the observation tells. The first is there for a success where the plan asks for it.
    #: At its end, by how many pages it changed Committed_AS, None where the plan does not ask.
    Move: TypeAlias = tuple[int, int, bool, bytes | None, Any, bytes | None, Any, int | None]

#: How a worker ends: the tool hung up; it cannot be used again; it is broken.
HUNG_UP, SPENT, BROKEN = 0, 3, 4
#: The number of the step between plans.
IDLE = (1 << 64) - 1
#: Bytes of a message's length, which comes before it.
HEADER = 4

# Codes of steps, and what follows them.
CALL = 0  #: (arguments,): a system call that returns -1 where it fails
#: (index of the object, kind, length of the object, address, size, prot, sharing flag, offset, all in bytes, is it to
#: be open for reading only)
MAP = 1
TOUCH = 2  #: (address, pages, where the table of tags has them)
TOUCH_TAGS = 3  #: (address, 8 bytes of tag for each page)
READ = 4  #: (address, pages)
TRUNCATE = 5  #: (index of the object, kind, length of the object, length from now on; in bytes)
SEAL = 6  #: (index of the object, kind, length of the object in bytes, F_SEAL_ flags)
#: (arguments of mremap, is residency wanted, are the mappings wanted if it succeeds, is it the last step, which
#: allocation is to fail or 0)
MOVE = 7
#: What follows changes more than the arena.
UFFD_REGISTER = 8  #: (address, size, uffd mode flags, events)
UFFD_UNREGISTER = 9  #: (address, size)
NAME = 10  #: (address, size, name with its final zero byte)
FORK = 11  #: ()
LIMIT = 12  #: (which, bytes, relative)
HEADROOM = 13  #: (map slots to leave,)
STAY = 14  #: (): run on one processor from here on
FILTER = 15  #: (errno,): mremap(2) is refused with it from here on
UFFD_PROTECT = 16  #: (address, size, is it to be protected)
CLEAR_REFS = 17  #: ()
LOCK_FUTURE = 18  #: (flags,): mlockall(2) with MCL_FUTURE
FAILS = 19  #: (errno, step): the step is expected to fail with it
KEYS = 20  #: (the highest,): protection keys are allocated, from 1 on
#: (which place of the kernel's choice, from 0, what it counts as beginning at, address, size, step with that address)
PLACED = 21


def done(step: Step) -> Step:
    """Return what is done in a step, whether it is expected to work or not, and wherever."""
    while step[0] in (FAILS, PLACED):
        step = step[-1]
    return step


class Plan:
    """A scenario made ready for a worker; addresses and sizes in bytes.

    ``low`` and ``high`` bound its part of the arena; ``mappings`` is a guess at how many there will be, ``text`` at how
    many bytes of /proc/self/maps they take; ``keep`` is a mask of capabilities; ``locks`` tells whether anything may
    become locked, ``strays`` whether a step names absolute addresses, ``near_zero`` where the highest page below 64K
    ends where something is to be mapped, or 0; ``slow`` whether it takes more than a few milliseconds; ``bits`` whether
    bits of page table entries are looked at, ``committed`` whether Committed_AS is, for which it is run alone;
    ``steps`` are the set-up and the script.
    """

    __slots__ = (
        "bits",
        "committed",
        "high",
        "keep",
        "locks",
        "low",
        "mappings",
        "near_zero",
        "slow",
        "steps",
        "strays",
        "text",
    )

    def __init__(
        self,
        low: int,
        high: int,
        mappings: int,
        text: int,
        keep: int,
        locks: bool,
        strays: bool,
        near_zero: int,
        slow: bool,
        bits: bool,
        committed: bool,
        steps: tuple[Step, ...],
    ) -> None:
        self.low = low
        self.high = high
        self.mappings = mappings
        self.text = text
        self.keep = keep
        self.locks = locks
        self.strays = strays
        self.near_zero = near_zero
        self.slow = slow
        self.bits = bits
        self.committed = committed
        self.steps = steps

    def to_wire(self) -> tuple[Any, ...]:
        """Return the constructor's arguments."""
        return (
            self.low,
            self.high,
            self.mappings,
            self.text,
            self.keep,
            self.locks,
            self.strays,
            self.near_zero,
            self.slow,
            self.bits,
            self.committed,
            self.steps,
        )
