"""madvise(2): advice that changes flags, and advice that changes pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model import faults
from mremapcheck.executors.model.errno import EACCES, EAGAIN, EFAULT, EINVAL, ENODEV, ENOMEM, ENOTSUP, EPERM, Errno
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.merging import modify
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pages import GUARD, ZERO, Freed, Inherited, zap
from mremapcheck.executors.model.vma import Data, Vma
from mremapcheck.linux.vm_flags import (
    ACCESS,
    DONTCOPY,
    DONTDUMP,
    DONTEXPAND,
    DROPPABLE,
    HUGEPAGE,
    HUGETLB,
    IO,
    LOCKED,
    MERGEABLE,
    MIXEDMAP,
    NOHUGEPAGE,
    PFNMAP,
    RAND_READ,
    SEQ_READ,
    SHARED,
    SPECIAL,
    WIPEONFORK,
    WRITE,
)
from mremapcheck.scenario.attributes import WRITE_SEALS
from mremapcheck.scenario.operations import Madvise


def madvise(mm: Mm, op: Madvise) -> None:
    """Give advice on a range; raises Failed with madvise's errno, Unsupported where the kernel knows no such advice."""
    flags_after = _FLAGS.get(op.advice)
    to_pages = _PAGES.get(op.advice)
    if (flags_after is None and to_pages is None) or _FEATURES.get(op.advice, "") not in {"", *mm.rules.features}:
        raise Unsupported(f"this kernel does not know madvise({op.advice})" + _SINCE.get(op.advice, ""))
    position, end = op.bounds
    gap = False
    while position < end:
        index = mm.index(position)
        if index == len(mm.vmas) or mm.vmas[index].start >= end:
            gap = True
            break
        vma = mm.vmas[index]
        if position < vma.start:
            gap = True
            if op.advice in _POPULATE and "populate-stops-at-gaps" in mm.rules.features:
                break
            position = vma.start
        stop = min(end, vma.end)
        errno: Errno | None = None
        if op.advice in _DISCARDS and not all(rule(vma) for rule in mm.rules.discardable):
            errno = EPERM
        elif flags_after is not None:
            flags = flags_after(mm, vma)
            if isinstance(flags, str):
                errno = flags
            elif flags != vma.flags:
                new = vma.part(position, stop)
                new.flags = flags
                changed = modify(mm, vma, new)
                if isinstance(changed, str):
                    errno = EAGAIN if changed == ENOMEM else changed
        elif to_pages is not None:
            errno = to_pages(mm, vma, position >> PAGE_SHIFT, stop >> PAGE_SHIFT)
        if errno is not None:
            if op.advice == "guard-install" and vma.file is not None and "guard-in-files" not in mm.rules.features:
                raise Unsupported("this kernel has guard pages in anonymous memory only: Linux 6.15 or later is needed")
            raise StepFailed("madvise", errno)
        position = stop
    if gap:  # most advice was given to the rest of the range all the same
        raise StepFailed("madvise", ENOMEM)


def _random(mm: Mm, vma: Vma) -> int:
    return vma.flags & ~SEQ_READ | RAND_READ


def _sequential(mm: Mm, vma: Vma) -> int:
    return vma.flags & ~RAND_READ | SEQ_READ


def _dofork(mm: Mm, vma: Vma) -> int | Errno:
    return EINVAL if vma.flags & IO else vma.flags & ~DONTCOPY


def _dodump(mm: Mm, vma: Vma) -> int | Errno:
    if vma.flags & DROPPABLE or (vma.flags & SPECIAL and not vma.flags & HUGETLB):
        return EINVAL
    return vma.flags & ~DONTDUMP


def _wipeonfork(mm: Mm, vma: Vma) -> int | Errno:
    return EINVAL if vma.file is not None or vma.flags & SHARED else vma.flags | WIPEONFORK


def _keeponfork(mm: Mm, vma: Vma) -> int | Errno:
    return EINVAL if vma.flags & DROPPABLE else vma.flags & ~WIPEONFORK


def _mergeable(mm: Mm, vma: Vma) -> int:
    """KSM ignores what it cannot share, without an error."""
    if vma.flags & (SHARED | PFNMAP | IO | DONTEXPAND | MIXEDMAP | DROPPABLE | HUGETLB):
        return vma.flags
    return vma.flags | MERGEABLE


def _unmergeable(mm: Mm, vma: Vma) -> int:
    flags = vma.flags & ~MERGEABLE
    if flags != vma.flags:
        for rule in mm.rules.unmergeable:
            flags = rule(flags)
    return flags


_FLAGS: dict[str, Callable[[Mm, Vma], int | Errno]] = {
    "normal": lambda mm, vma: vma.flags & ~(RAND_READ | SEQ_READ),
    "random": _random,
    "sequential": _sequential,
    "dontfork": lambda mm, vma: vma.flags | DONTCOPY,
    "dofork": _dofork,
    "dontdump": lambda mm, vma: vma.flags | DONTDUMP,
    "dodump": _dodump,
    "wipeonfork": _wipeonfork,
    "keeponfork": _keeponfork,
    "mergeable": _mergeable,
    "unmergeable": _unmergeable,
    "hugepage": lambda mm, vma: vma.flags & ~NOHUGEPAGE | HUGEPAGE,
    "nohugepage": lambda mm, vma: vma.flags & ~HUGEPAGE | NOHUGEPAGE,
}


def _dontneed(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    if vma.flags & (LOCKED | PFNMAP):
        return EINVAL
    return _discard(mm, vma, first, last)


def _discard(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    if vma.flags & PFNMAP:
        return EINVAL
    faults.refuse_markers(mm, vma, first, last)
    for page in range(first, last):
        if mm.pages.get(page) != GUARD:
            mm.pages.pop(page, None)
    return None


def _free(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    """Give private pages back: they stay until memory is wanted. What is shared with a parent is not to be given."""
    if vma.flags & LOCKED or not vma.backing.anonymous:
        return EINVAL
    for page, entry in _private_pages(mm, first, last):
        mm.pages[page] = Freed(entry)
    return None


def _private_pages(mm: Mm, first: int, last: int) -> Iterator[tuple[int, Data | str]]:
    """Yield the private pages that nobody else has a claim on: number and content."""
    for page in range(first, last):
        entry = mm.pages.get(page, ZERO)
        if not isinstance(entry, int | Freed | Inherited) and entry not in (ZERO, GUARD):
            yield page, entry


#: Files that get no holes: memory that nobody else sees has no fallocate(2), those of rings are not even regular files.
_WHOLE = {"secret": ENOTSUP, "io-uring": ENODEV, "aio": ENODEV}


def _remove(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    if vma.flags & LOCKED or vma.file is None:
        return EINVAL
    if not vma.flags & SHARED or not all(rule(vma) for rule in mm.rules.punchable):
        return EACCES
    if vma.backing.name in _WHOLE:
        return _WHOLE[vma.backing.name]
    if not WRITE_SEALS.isdisjoint(vma.file.inode.seals):
        return EPERM
    numbers = {vma.pgoff + page - (vma.start >> PAGE_SHIFT) for page in range(first, last)}
    for number in numbers:
        vma.file.cache.pop(number, None)
    for page in [page for page, entry in mm.pages.items() if type(entry) is int and entry in numbers]:
        other = mm.find(page << PAGE_SHIFT)
        if other is not None and other.file is not None and other.file.cache is vma.file.cache:
            faults.refuse_markers(mm, other, page, page + 1)
            del mm.pages[page]
    return None


def _nothing(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    """Advice whose effect no outcome shows while memory is plenty."""
    return None


def _cold(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    return EINVAL if vma.flags & (LOCKED | PFNMAP | HUGETLB) else None


def _pageout(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    """Reclaim pages: what was freed and not written since is lost, and droppable memory, written or not.

    Other pages keep their contents: they go to swap, or back to their file, where there is one.
    """
    errno = _cold(mm, vma, first, last)
    if errno is None:
        faults.refuse_markers(mm, vma, first, last)
        for page in range(first, last):
            if isinstance(mm.pages.get(page), Freed):
                del mm.pages[page]
        if vma.flags & DROPPABLE:
            for page, _ in _private_pages(mm, first, last):
                del mm.pages[page]
    return errno


def _populate_read(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    if not vma.flags & ACCESS or vma.flags & (IO | PFNMAP):
        return EINVAL
    return _populate(mm, vma, first, last, writes=False)


def _populate_write(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    if not vma.flags & WRITE or vma.flags & (IO | PFNMAP):
        return EINVAL
    return _populate(mm, vma, first, last, writes=True)


def _populate(mm: Mm, vma: Vma, first: int, last: int, *, writes: bool) -> Errno | None:
    if vma.backing.name == "secret":
        return EINVAL  # the kernel does not pin what it must not see
    for page in range(first, last):
        if not faults.can_reach(mm, vma, page, writes=writes):
            return EFAULT
        if writes:
            faults.write(mm, vma, page, None)
        else:
            faults.read(mm, vma, page)
    return None


def _guard_install(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    for rule in mm.rules.guard:
        errno = rule(mm, vma)
        if errno is not None:
            return errno
    faults.refuse_markers(mm, vma, first, last)
    zap(mm.pages, first, last)
    for page in range(first, last):
        mm.pages[page] = GUARD
    return None


def _guard_remove(mm: Mm, vma: Vma, first: int, last: int) -> Errno | None:
    for page in range(first, last):
        if mm.pages.get(page) == GUARD:
            del mm.pages[page]
    return None


_PAGES: dict[str, Callable[[Mm, Vma, int, int], Errno | None]] = {
    "dontneed": _dontneed,
    "dontneed-locked": _discard,
    "free": _free,
    "remove": _remove,
    "willneed": _nothing,
    "cold": _cold,
    "pageout": _pageout,
    "populate-read": _populate_read,
    "populate-write": _populate_write,
    "guard-install": _guard_install,
    "guard-remove": _guard_remove,
}

#: Advice that throws data away, now or in a child, which sealed memory is safe from.
_DISCARDS = ("dontneed", "dontneed-locked", "free", "remove", "dontfork", "wipeonfork", "guard-install")
_POPULATE = ("populate-read", "populate-write")

_SINCE = {
    "populate-read": ": Linux 5.14 or later is needed",
    "populate-write": ": Linux 5.14 or later is needed",
    "dontneed-locked": ": Linux 5.18 or later is needed",
    "collapse": ": the model does not collapse",
    "guard-install": ": Linux 6.13 or later is needed",
    "guard-remove": ": Linux 6.13 or later is needed",
}

#: Advice that a kernel must have learnt first.
_FEATURES = {
    "populate-read": "madvise-populate",
    "populate-write": "madvise-populate",
    "dontneed-locked": "dontneed-locked",
    "guard-install": "guard",
    "guard-remove": "guard",
}
