"""munmap(), as the call itself and as mremap uses it for the destination, the tail and the source, as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE, PAGE_SHIFT, page_align
from mremapcheck.executors.model.errno import EINVAL, ENOMEM, Errno
from mremapcheck.executors.model.mm import Event, Mm, pages_of
from mremapcheck.executors.model.pages import zap
from mremapcheck.executors.model.pipeline import PASS, Answer
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.linux.vm_flags import ACCOUNT, LOCKED


class Unmap:
    """One unmapping on its way through the steps; ``first`` indexes the first mapping in ``[start, end)``."""

    __slots__ = ("end", "events", "first", "length", "mm", "start", "told")

    def __init__(self, mm: Mm, start: int, length: int, events: list[Event]) -> None:
        self.mm = mm
        self.start = start
        self.length = length
        self.end = start + page_align(length)
        self.events = events
        self.first = 0
        self.told: list[Uffd] = []

    def vmas(self) -> list[Vma]:
        """Return the mappings that intersect the range."""
        vmas = self.mm.vmas
        last = self.first
        while last < len(vmas) and vmas[last].start < self.end:
            last += 1
        return vmas[self.first : last]

    def fail(self, errno: Errno, text: str, *args: object) -> Errno:
        """Answer with ``errno``; ``text`` says why (see ``Trace.say``)."""
        self.mm.note(text + f": {errno}", *args)
        return errno


def unmap(mm: Mm, start: int, length: int, events: list[Event]) -> Errno | None:
    """Unmap ``length`` bytes from ``start`` (do_munmap); userfaultfd events are put into ``events``, not sent yet."""
    state = Unmap(mm, start, length, events)
    for step in mm.rules.munmap:
        answer = step(state)
        if answer is not None:
            return answer if isinstance(answer, str) else None  # PASS: there is nothing to unmap
    return None


def prepare(mm: Mm, start: int, length: int, events: list[Event]) -> Errno | None:
    """Do all that comes before an unmapping, which is then given up (vms_abort_munmap_vmas, f8d112a4e657, 6.12).

    What was cut stays so, and userfaultfds are told of it all the same.
    """
    state = Unmap(mm, start, length, events)
    for step in mm.rules.munmap[:-1]:  # the last one does it
        answer = step(state)
        if answer is not None:
            return answer if isinstance(answer, str) else None
    return None


def check_range(state: Unmap) -> Answer:
    """Refuse an unaligned start, an end beyond the address space, and no length at all."""
    start = state.start
    if start % PAGE or not state.mm.has_place(start, state.length) or state.end == start:
        return state.fail(EINVAL, "[{:at}, +{:#x}) cannot be unmapped", start, state.length)
    return None


def find_first(state: Unmap) -> Answer:
    """Be content where nothing is mapped in the range."""
    mm = state.mm
    state.first = first = mm.index(state.start)
    if first == len(mm.vmas) or mm.vmas[first].start >= state.end:
        return PASS
    return None


def can_split(vma: Vma, address: int) -> bool:
    """Tell whether the mapping may be cut there: hugetlbfs only between huge pages (vm_ops->may_split)."""
    return address % vma.backing.unit == 0


def cut(state: Unmap, vma: Vma, address: int) -> Errno | None:
    """Cut a mapping in two if its driver has nothing against it, and there is memory for one more (__split_vma)."""
    mm = state.mm
    if not all(rule(vma, address) for rule in mm.rules.may_split):
        return state.fail(EINVAL, "{} cannot be cut at {:at}", vma, address)
    if not mm.allocate():
        return state.fail(ENOMEM, "{} cannot be cut at {:at}", vma, address)
    mm.split(vma, address)
    return None


def split_start(state: Unmap) -> Answer:
    """Cut the first mapping where the range starts in it; a hole in the middle of one needs a free map slot."""
    mm = state.mm
    vma = mm.vmas[state.first]
    if vma.start < state.start:
        if state.end < vma.end and len(mm.vmas) >= mm.max_map_count:
            return state.fail(ENOMEM, "no map slot is free for the hole in {}", vma)
        state.first += 1
        return cut(state, vma, state.start)
    return None


def split_end(state: Unmap) -> Answer:
    """Cut the last mapping where the range ends in it."""
    mm = state.mm
    last = mm.index(state.end - 1)
    if last < len(mm.vmas):
        vma = mm.vmas[last]
        if vma.start < state.end < vma.end:
            return cut(state, vma, state.end)
    return None


def queue_unmap_events(state: Unmap) -> Answer:
    """Tell each userfaultfd that wants to know, once for the whole range (userfaultfd_unmap_prep)."""
    for vma in state.vmas():
        if vma.uffd is not None:
            errno = queue_unmap_event(state, vma.uffd)
            if errno is not None:
                return errno
    return None


def queue_unmap_event(state: Unmap, uffd: Uffd) -> Errno | None:
    """Tell a userfaultfd of the unmapping of the whole range, if it wants to know and was not told yet."""
    if uffd.events and uffd not in state.told:
        if not state.mm.allocate():
            return state.fail(ENOMEM, "there is no memory for an event")
        state.told.append(uffd)
        state.events.append(("unmap", state.start, state.end))
    return None


def unmap_range(state: Unmap) -> Answer:
    """Unmap all of it, with its pages; from here on nothing fails."""
    mm = state.mm
    vmas = state.vmas()
    for vma in vmas:
        count = pages_of(vma)
        mm.count(vma.flags, -count)
        if vma.flags & LOCKED:
            mm.locked -= count
        if vma.flags & ACCOUNT:
            mm.committed -= count
        mm.note("unmaps {}", vma)
    del mm.vmas[state.first : state.first + len(vmas)]
    zap(mm.pages, state.start >> PAGE_SHIFT, state.end >> PAGE_SHIFT)
    return None
