"""The simulated address space (struct mm_struct): mappings in address order, page tables, counters and limits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TypeAlias

from mremapcheck.base.units import ARENA_END, PAGE, PAGE_SHIFT
from mremapcheck.executors.model.pages import ZERO, PageTable
from mremapcheck.executors.model.rules import Rules
from mremapcheck.executors.model.trace import Trace
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import GROWSDOWN, SHARED, WRITE
from mremapcheck.outcome.outcome import RanOut

#: A userfaultfd event: ("remap", from, to, length) or ("unmap", start, end), in bytes.
Event: TypeAlias = tuple[str, int, int, int] | tuple[str, int, int]

#: vm.max_map_count as every kernel has it by default.
MAX_MAP_COUNT = 65530
#: What is kept free below a mapping that grows down, in bytes (stack_guard_gap).
STACK_GUARD_GAP = 256 << PAGE_SHIFT
#: Unlimited, for resource limits in pages.
UNLIMITED = 1 << 60
#: Below this the model places what the kernel would place itself; nothing of a scenario is near.
CHOSEN_TOP = 0x7F00_0000_0000

_START, _END = attrgetter("start"), attrgetter("end")
#: Of these flags, private writable memory that is no stack has only WRITE: it counts as data (is_data_mapping).
_DATA = WRITE | SHARED | GROWSDOWN


class InjectedFailure:
    """Memory for the kernel's own records that runs out once: at the ``nth`` place of a call that allocates some.

    ``at`` tells where that was, None as long as it was not. ``trace`` knows which step runs.
    """

    __slots__ = ("_left", "_trace", "at")

    def __init__(self, nth: int, trace: Trace) -> None:
        self._left = nth
        self._trace = trace
        self.at: RanOut | None = None

    def strikes(self) -> bool:
        """Count one allocation; tell whether it fails."""
        self._left -= 1
        if self._left:
            return False
        trace = self._trace
        self.at = RanOut(trace.step, trace.within, trace.change)
        trace.note("memory runs out")
        return True


class Mm:
    """One process's memory.

    Counters and limits are pages. ``locked`` and ``total`` are what VmLck and VmSize show, ``data`` counts against
    RLIMIT_DATA, ``committed`` is this process's share of Committed_AS. ``privileges`` are capabilities kept,
    ``is_child`` tells that it was forked. ``secret`` counts the pages that its user's files of secret memory have.
    ``images``: the lengths of the vdso and the vvar in bytes, as the process was given them. ``shortage``: when memory
    for the kernel's own records is to run out. ``space`` is what the platform sets. ``filter``: the errno with which a
    filter answers to mremap(2). ``future_locks``: the flags of whatever is mapped after mlockall(2) (def_flags).

    Of page tables ``marked`` tells whether any bits were asked for: ``protected`` pages have uffd-wp, ``soft_dirty``
    ones were written or moved since these bits were cleared. A page that has left the page tables may still be among
    these, until another one comes to its place. Of a protected one its value tells whether it cannot be written yet.
    """

    __slots__ = (
        "address_limit",
        "committed",
        "data",
        "data_limit",
        "events",
        "filter",
        "future_locks",
        "images",
        "is_child",
        "locked",
        "lowest_chosen",
        "marked",
        "max_map_count",
        "memlock_limit",
        "pages",
        "privileges",
        "protected",
        "rules",
        "secret",
        "shortage",
        "soft_dirty",
        "space",
        "total",
        "trace",
        "vmas",
    )

    def __init__(self, rules: Rules, trace: Trace | None = None) -> None:
        self.rules = rules
        self.space = rules.space
        self.trace = trace
        self.vmas: list[Vma] = []
        self.pages: PageTable = {}
        self.events: list[Event] = []
        self.images: dict[str, int] = {}
        self.is_child = False
        self.total = 0
        self.data = 0
        self.locked = 0
        self.secret = 0
        self.committed = 0
        self.max_map_count = MAX_MAP_COUNT
        self.memlock_limit = UNLIMITED
        self.address_limit = UNLIMITED
        self.data_limit = UNLIMITED
        self.privileges: tuple[str, ...] = ()
        self.lowest_chosen = min(CHOSEN_TOP, self.space.end)
        self.shortage: InjectedFailure | None = None
        self.filter: str | None = None
        self.future_locks = 0
        self.marked = False
        self.protected: dict[int, bool] = {}
        self.soft_dirty: set[int] = set()

    def index(self, address: int) -> int:
        """Return the index of the first mapping that ends above ``address`` (find_vma)."""
        return bisect_right(self.vmas, address, key=_END)

    def find(self, address: int) -> Vma | None:
        """Return the mapping that holds ``address`` (vma_lookup)."""
        vmas = self.vmas
        index = bisect_right(vmas, address, key=_END)
        if index < len(vmas) and vmas[index].start <= address:
            return vmas[index]
        return None

    def within(self, start: int, end: int) -> list[Vma]:
        """Return the mappings that intersect ``[start, end)``."""
        return self.vmas[self.index(start) : bisect_left(self.vmas, end, key=_START)]

    def place(self, vma: Vma) -> int:
        """Return the index of a linked mapping."""
        return self.index(vma.start)

    def is_linked(self, vma: Vma) -> bool:
        """Tell whether a mapping is still one of this address space."""
        return self.find(vma.start) is vma

    def mapped(self, start: int, end: int) -> int:
        """Return how many pages of ``[start, end)`` are mapped."""
        return sum(min(end, vma.end) - max(start, vma.start) for vma in self.within(start, end)) >> PAGE_SHIFT

    def is_free(self, start: int, end: int) -> bool:
        """Tell whether nothing is mapped in ``[start, end)``."""
        index = self.index(start)
        return index == len(self.vmas) or self.vmas[index].start >= end

    def is_free_for_hint(self, start: int, end: int) -> bool:
        """Tell whether the kernel takes the hint: nothing is mapped there, nor a stack right above it."""
        index = self.index(start)
        if index == len(self.vmas):
            return True
        above = self.vmas[index]
        return end <= above.start - (STACK_GUARD_GAP if above.flags & GROWSDOWN else 0)

    def neighbours(self, start: int) -> tuple[Vma | None, Vma | None]:
        """Return the mappings before and after the free place at ``start``."""
        index = self.index(start)
        vmas = self.vmas
        return vmas[index - 1] if index else None, vmas[index] if index < len(vmas) else None

    def insert(self, vma: Vma) -> None:
        """Link a mapping into its place (vma_link)."""
        self.vmas.insert(self.index(vma.start), vma)

    def split(self, vma: Vma, address: int) -> Vma:
        """Cut a mapping in two at ``address`` and return the upper part (__split_vma); ``vma`` is the lower one."""
        upper = vma.copy()
        upper.move_start(address)
        vma.end = address
        self.vmas.insert(self.place(vma) + 1, upper)
        return upper

    def choose(self, length: int, unit: int) -> int | None:
        """Return a place of the kernel's own choice, a multiple of ``unit``, top-down; None where there is none.

        The model keeps a page free around each of them, so nothing merges there.
        """
        place = (self.lowest_chosen - PAGE - length) // unit * unit
        if place < ARENA_END:
            return None
        self.lowest_chosen = place
        return place

    def may_expand(self, flags: int, pages: int) -> bool:
        """Tell whether RLIMIT_AS and RLIMIT_DATA leave room for this many pages of such a mapping (may_expand_vm)."""
        if self.total + pages > self.address_limit:
            return False
        return flags & _DATA != WRITE or self.data + pages <= self.data_limit

    def may_lock(self, pages: int) -> bool:
        """Tell whether RLIMIT_MEMLOCK leaves room for this many more pages (mlock_future_ok)."""
        return self.locked + pages <= self.memlock_limit or "IPC_LOCK" in self.privileges

    def may_map_at(self, address: int) -> bool:
        """Tell whether the process may have a mapping so low (security_mmap_addr)."""
        return address >= self.space.lowest or "SYS_RAWIO" in self.privileges

    def has_place(self, address: int, length: int) -> bool:
        """Tell whether ``[address, address+length)`` ends within the user's part of the address space."""
        return length <= self.space.end and address <= self.space.end - length

    def charge(self, pages: int) -> bool:
        """Commit memory for pages, or tell that there is not enough (security_vm_enough_memory_mm)."""
        if pages > self.space.memory:
            return False
        self.committed += pages
        return True

    def allocate(self) -> bool:
        """Get memory for the kernel's own records: a mapping, nodes of a tree, page tables. False: there is none."""
        return self.shortage is None or not self.shortage.strikes()

    def count(self, flags: int, pages: int) -> None:
        """Add pages of such a mapping to the counters, or take them off (vm_stat_account)."""
        self.total += pages
        if flags & _DATA == WRITE:
            self.data += pages

    def note_write(self, page: int) -> None:
        """Let a page that is written have the bits of one: a copy of the zero page begins without uffd-wp."""
        if self.pages.get(page, ZERO) == ZERO:
            self.protected.pop(page, None)
        elif page in self.protected:
            self.protected[page] = False
        self.soft_dirty.add(page)

    def note_fault(self, page: int) -> None:
        """Let a page that comes into the page tables begin without bits."""
        self.protected.pop(page, None)
        self.soft_dirty.discard(page)

    def move_bits(self, source: int, target: int, count: int, *, keeps_protection: bool) -> None:
        """Let the bits of pages move along; every page that moves is soft-dirty from then on (move_soft_dirty_pte)."""
        there = [page for page in range(source, source + count) if page in self.pages]
        shift = target - source
        for page in there:
            self.protected.pop(page + shift, None)
            traps = self.protected.pop(page, None)
            if traps is not None and keeps_protection:
                self.protected[page + shift] = traps
        self.soft_dirty.difference_update(there)
        self.soft_dirty.update(page + shift for page in there)

    def note(self, text: str, *args: object) -> None:
        """Note what the current step did, where a trace is wanted."""
        if self.trace is not None:
            self.trace.note(text, *args)


def pages_of(vma: Vma) -> int:
    """Return the length of a mapping in pages."""
    return (vma.end - vma.start) >> PAGE_SHIFT
