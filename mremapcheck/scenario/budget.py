"""What one scenario may take of whoever runs it: pages, calls, looks at them, processes."""

from __future__ import annotations

from collections.abc import Callable

from mremapcheck.base.dataclass import dataclass
from mremapcheck.scenario.drawing import MOST_MAPPED, MOST_MAPPINGS, MOST_PAGES
from mremapcheck.scenario.reader import Path

#: The most pages that a scenario writes to, one by one.
MOST_TOUCHED = 1 << 16
#: How much the operations of a scenario may look at, all together: at each mapping, and at each page that was touched.
#: A model takes a second or two for it.
MOST_WALKED = 3 << 20
#: How often a scenario may fork: all these processes are there at the same time, each waiting for the next.
MOST_FORKS = 32
#: A mapping costs as much as so many pages.
_MAPPING = 4


@dataclass(slots=True)
class Budget:
    """Counts what the operations of a scenario take; ``refuse`` is told once of each thing that is too much."""

    refuse: Callable[[Path, str, str], None]
    _mapped: int = 0
    _used: int = 0
    _touched: int = 0
    _walked: int = 0
    _forks: int = 0
    _mappings: int = 0

    def map(self, path: Path, count: int, used: bool) -> bool:
        """Count a mapping of so many pages, ``used`` where they are more than reserved; tell whether it may be made."""
        before = self._excess
        self._mapped += count
        self._mappings += 1
        if used:
            self._used += count
        after = self._excess
        if after and not before:
            self.refuse(path, *after)
        return not after

    @property
    def _excess(self) -> tuple[str, str] | None:
        """What is too much by now, and what to do about it."""
        if self._mapped > MOST_PAGES or self._mappings > MOST_MAPPINGS:
            message = f"a scenario maps at most {MOST_PAGES} pages, with {MOST_MAPPINGS} calls"
            return message, "make several scenarios of it"
        if self._used > MOST_MAPPED:
            message = f"a scenario maps at most {MOST_MAPPED} pages that are more than reserved"
            return message, "reserve them: `noreserve: true` or `prot: none`, and `touch: false`"
        return None

    def touch(self, path: Path, count: int) -> bool:
        """Count pages that are written to, or brought in; tell whether they may be."""
        before = self._touched
        self._touched += count
        if before <= MOST_TOUCHED < self._touched:
            hint = "`touch: false` for the mapping, and `op: touch` for the pages that matter"
            self.refuse(path, f"a scenario touches at most {MOST_TOUCHED} pages", hint)
        return self._touched <= MOST_TOUCHED

    def walk(self, path: Path, reach: int | None) -> None:
        """Count what an operation on so many pages looks at; None: at everything, as a fork does."""
        before = self._walked
        self._walked += self._mappings * _MAPPING + (self._touched if reach is None else min(reach, self._touched))
        if before <= MOST_WALKED < self._walked:
            what = f"{self._mappings} mappings and {self._touched} touched pages are too many for so many operations"
            self.refuse(path, what, "fewer of any of them, or several scenarios")

    def fork(self, path: Path) -> None:
        """Count a fork."""
        self._forks += 1
        if self._forks == MOST_FORKS + 1:
            self.refuse(path, f"a scenario forks at most {MOST_FORKS} times", "each fork is one more process")
