"""What is read of a log: calls, and what became of every line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Call(NamedTuple):
    """One system call; ``line`` counts from 1. ``begun``: only its first half was seen so far (``result`` is None).

    ``errno`` is the name where it failed. ``injected``: strace made the result up, the kernel did not give it. ``exit``
    and ``32-bit`` are the names of two things that are no calls: a process has ended, or is a 32-bit one.
    """

    line: int
    pid: int
    name: str
    arguments: tuple[str, ...]
    result: int | None
    errno: str | None = None
    begun: bool = False
    injected: bool = False
    time: float | None = None


class Unread(NamedTuple):
    """A line of which nothing was made, and why."""

    log: str
    line: int
    why: str


#: Lines that were not read and are told one by one, at most.
_KEPT = 1000


@dataclass(slots=True)
class Ledger:
    """What became of the lines: each was used, or is of no concern, or was not read.

    ``unread`` are the first of those that were not. ``notes`` say what holds for the log as a whole.
    """

    lines: int = 0
    used: int = 0
    not_read: int = 0
    unread: list[Unread] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    log: str = ""

    @property
    def unconcerned(self) -> int:
        """How many lines have nothing to do with the address space."""
        return self.lines - self.used - self.not_read

    def refuse(self, line: int, why: str) -> None:
        """Count a line that could not be read."""
        self.not_read += 1
        if len(self.unread) < _KEPT:
            self.unread.append(Unread(self.log, line, why))

    def add(self, other: Ledger) -> None:
        """Add what became of another log's lines."""
        self.lines += other.lines
        self.used += other.used
        self.not_read += other.not_read
        self.unread += other.unread[: _KEPT - len(self.unread)]
        self.notes += other.notes
