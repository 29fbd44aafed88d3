"""One word for what a move did, from what could be seen before and after it.

Only observable facts count, so that the model and a real kernel are judged by the same rule: page by page, whether it
is mapped, and with which protection, sharing, object and offset. Boundaries between mappings do not count: a failing
call that leaves a split behind has still ``refused``; the split shows in the mappings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, Mremap
from mremapcheck.scenario.verdicts import Verdict

_HUGE_PAGE = 2 << 20


class SeenVma(NamedTuple):
    """One mapping as the kernel tells it; addresses in bytes, ``offset`` in pages (0 where it means nothing).

    ``object`` tells mappings of different files apart; ``flags`` and ``pkey`` may be missing in a snapshot
    taken for a verdict.
    """

    start: int
    end: int
    prot: str
    shared: bool
    backing: str
    offset: int
    object: object
    flags: tuple[str, ...] = ()
    pkey: int = 0

    def looks_like(self, other: SeenVma) -> bool:
        """Tell whether it is the same but for ``object``, which each executor names as it likes."""
        return self[:6] == other[:6] and self[7:] == other[7:]


@dataclass(slots=True)
class Snapshot:
    """The arena at one moment: mappings in address order, ``present`` (page numbers) only where it was asked for."""

    vmas: Sequence[SeenVma]
    present: frozenset[int] | None = None


#: Before or after a move of which nobody needs to know more: it succeeded, or it failed and nothing has changed.
NOT_NEEDED = Snapshot(())


def needs_residency(move: Mremap) -> bool:
    """Tell whether a verdict on this move needs ``present`` in both snapshots.

    With MREMAP_DONTUNMAP the source stays mapped, so only its emptied page tables show that it was moved.
    """
    return bool(move.flags & MREMAP_DONTUNMAP)


def needs_mappings(move: Mremap) -> bool:
    """Tell whether a verdict on this move's success needs ``before``: sizes that only huge pages round to the same."""
    old, new = page_align(move.old_size), page_align(move.new_size)
    return old != new and -(-old // _HUGE_PAGE) == -(-new // _HUGE_PAGE) and move.old_address.value % _HUGE_PAGE == 0


def judge(move: Mremap, failed: bool, result: int, before: Snapshot, after: Snapshot) -> Verdict:
    """Return the verdict on one move; ``result`` is the address returned, of no meaning where it failed."""
    if failed:
        return _judge_failure(move, before, after)
    if page_align(move.old_size) == 0:
        return "duplicated"
    if result == move.old_address.value:
        return "unchanged" if _equal_sizes(move, before) else "resized"
    if result < PAGE:  # 5.16 and 5.17 returned EFAULT with the wrong sign: an address that was never mapped
        return "unchanged"
    return "moved"


def _equal_sizes(move: Mremap, before: Snapshot) -> bool:
    if page_align(move.old_size) == page_align(move.new_size):
        return True
    place = move.old_address.value
    return needs_mappings(move) and any(
        vma.start <= place < vma.end and vma.backing == "hugetlb" for vma in before.vmas
    )


def _judge_failure(move: Mremap, before: Snapshot, after: Snapshot) -> Verdict:
    if before.vmas == after.vmas and before.present == after.present:
        return "refused"
    old, new = _Facts(before.vmas), _Facts(after.vmas)
    source, shift = move.old_address.value, move.new_address.value - move.old_address.value
    end = source + page_align(move.new_size)
    lost = False
    # Within a stretch nothing begins or ends, before or after, here or where the move would take it.
    for place in sorted({*old.bounds, *new.bounds, *(bound - shift for bound in new.bounds), source, end}):
        then, now = old.at(place), new.at(place)
        if now is not None and now != then:
            return "partial"  # something came to a place where it was not: only a move does that
        if then is not None and now is None:
            lost = True
            if source <= place < end and new.at(place + shift) is not None:
                return "partial"  # moved onto a mapping that looks the same
    if before.present is not None and after.present is not None:
        left = (page * PAGE for page in before.present - after.present)
        if any(source <= place < end and new.at(place) is not None for place in left):
            return "partial"  # MREMAP_DONTUNMAP: still mapped, but its pages have gone
    return "damaged" if lost else "refused"


class _Facts:
    """What is mapped at an address; ``bounds`` are where that changes."""

    def __init__(self, vmas: Sequence[SeenVma]) -> None:
        self._vmas = vmas
        self._starts = [vma.start for vma in vmas]
        self.bounds = {bound for vma in vmas for bound in (vma.start, vma.end)}

    def at(self, place: int) -> tuple[object, ...] | None:
        """Return protection, sharing, backing, object and, of an object, where its first byte would be."""
        index = bisect_right(self._starts, place) - 1
        if index < 0 or place >= self._vmas[index].end:
            return None
        vma = self._vmas[index]
        origin = vma.start - vma.offset * PAGE if vma.object is not None else 0
        return vma.prot, vma.shared, vma.backing, vma.object, origin
