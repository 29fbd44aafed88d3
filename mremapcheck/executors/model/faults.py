"""Page faults: what the first access to a page leaves in the page tables, and when a mapping gets its anon_vma."""

from __future__ import annotations

from collections.abc import Sequence

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.exceptions import Unsupported
from mremapcheck.executors.model.mm import STACK_GUARD_GAP, Mm
from mremapcheck.executors.model.pages import BLANK, GUARD, ZERO, content
from mremapcheck.executors.model.vma import AnonVma, Data, File, Vma
from mremapcheck.linux.vm_flags import (
    ACCESS,
    ACCOUNT,
    GROWSDOWN,
    HUGETLB,
    IO,
    LOCKED,
    LOCKONFAULT,
    MAYBE_GUARD,
    PFNMAP,
    SHARED,
    UFFD,
    UFFD_MINOR,
    UFFD_MISSING,
    UFFD_WP,
    WRITE,
)
from mremapcheck.scenario.operations import Tag

#: RLIMIT_STACK as it is by default, in bytes.
STACK_LIMIT = 8 << 20
#: Flags that two neighbours may differ in and still share an anon_vma.
_IRRELEVANT = ACCESS | MAYBE_GUARD


#: A page of a file that goes, or was never there, leaves a marker in its place where it is write-protected.
MARKERS = "where a file's page is missing, the model does not know userfaultfd's markers of write protection"


def refuse_markers(mm: Mm, vma: Vma, first: int, last: int) -> None:
    """Raise Unsupported where a page of a file is about to go that userfaultfd write-protects."""
    if mm.protected and not vma.backing.anonymous and any(page in mm.protected for page in range(first, last)):
        raise Unsupported(MARKERS)


def prepare_anon_vma(mm: Mm, vma: Vma) -> None:
    """Give a mapping its anon_vma before its first private page (__anon_vma_prepare).

    It takes over that of the mapping behind it, else of the one before it, where both could become one after an
    mprotect; an anon_vma that came through a fork is not shared so (reusable_anon_vma).
    """
    if vma.anon_vma is not None:
        return
    index = mm.place(vma)
    if index + 1 < len(mm.vmas):
        after = mm.vmas[index + 1]
        if after.anon_vma is not None and not after.anon_vma.forked and _compatible(mm, vma, after):
            vma.anon_vma = after.anon_vma
            return
    if index:
        before = mm.vmas[index - 1]
        if before.anon_vma is not None and not before.anon_vma.forked and _compatible(mm, before, vma):
            vma.anon_vma = before.anon_vma
            return
    vma.anon_vma = AnonVma()


def _compatible(mm: Mm, lower: Vma, upper: Vma) -> bool:
    return (
        lower.end == upper.start
        and lower.file is upper.file
        and not (lower.flags ^ upper.flags) & ~_IRRELEVANT
        and lower.pgoff_at(lower.end) == upper.pgoff
        and all(rule(lower, upper) for rule in mm.rules.share_anon_vma)
    )


def write(mm: Mm, vma: Vma, page: int, data: Data | None) -> None:
    """Write to a page: fault it in where needed, and put ``data`` (None: nothing of anybody's) there."""
    if vma.flags & HUGETLB and page not in mm.pages:
        for each in _huge_page(vma, page):
            _write(mm, vma, each, None)
    _write(mm, vma, page, data)


def _huge_page(vma: Vma, page: int) -> range:
    """Return the pages of the huge page that ``page`` is part of."""
    count = vma.backing.unit >> PAGE_SHIFT
    first = page // count * count
    return range(first, first + count)


def _write(mm: Mm, vma: Vma, page: int, data: Data | None) -> None:
    file = vma.file
    if mm.marked:
        mm.note_write(page)
    if vma.flags & SHARED and file is not None:
        number = mm.pages[page] = vma.pgoff + page - (vma.start >> PAGE_SHIFT)
        _load(mm, file, number)
        if data is not None:
            file.cache[number] = data
        return
    prepare_anon_vma(mm, vma)
    entry = mm.pages.get(page)
    if entry is None:
        entry = file_page(vma, page)
    if type(entry) is int and file is not None:
        _load(mm, file, entry)
        entry = file.cache[entry]  # copy on write
    if data is not None:
        mm.pages[page] = data
    else:
        mm.pages[page] = BLANK if entry == ZERO else content(entry)


def _load(mm: Mm, file: File, number: int) -> None:
    """Bring a page of a file into the page cache; a disk's file system reads its neighbours ahead."""
    if number not in file.cache:
        if file.backing.name == "secret":
            mm.secret += 1
        for each in range(file.inode.length) if file.backing.placement == "thp" else (number,):
            file.cache.setdefault(each, ZERO)


def read(mm: Mm, vma: Vma, page: int) -> None:
    """Read a page: map the page cache's page or the zero page; neither needs an anon_vma."""
    if page in mm.pages:
        return
    if mm.marked:
        mm.note_fault(page)
    for each in _huge_page(vma, page) if vma.flags & HUGETLB else (page,):
        entry = mm.pages[each] = file_page(vma, each)
        if type(entry) is int and vma.file is not None:
            placement = vma.backing.placement
            if placement == "thp":
                _load(mm, vma.file, entry)  # the fault waits for the disk and is tried again
            if placement in ("shmem", "thp") and not vma.flags & (UFFD_WP | UFFD_MINOR):
                _map_around(mm, vma, vma.file, each)
            _load(mm, vma.file, entry)


def _map_around(mm: Mm, vma: Vma, file: File, page: int) -> None:
    """Map what the page cache has of the 64K around a read fault, within one page table (do_fault_around)."""
    start = vma.start >> PAGE_SHIFT
    around, table = mm.space.around, mm.space.table
    first = max(page & -around, start)
    last = min(first + around, vma.end >> PAGE_SHIFT, (page | table - 1) + 1)
    for each in range(first, last):
        number = vma.pgoff + each - start
        if number in file.cache:
            if mm.marked and each not in mm.pages:
                mm.note_fault(each)
            mm.pages.setdefault(each, number)


def file_page(vma: Vma, page: int) -> int | str:
    """Return what a read fault maps: the number of the file's page, or ZERO for an anonymous mapping."""
    if vma.file is None or vma.backing.anonymous:
        return ZERO
    return vma.pgoff + page - (vma.start >> PAGE_SHIFT)


def expand_stack(mm: Mm, address: int) -> Vma | None:
    """Let a mapping that grows down reach ``address``; None where the next one up is none, or something is too near."""
    index = mm.index(address)
    if index == len(mm.vmas):
        return None
    vma = mm.vmas[index]
    growth = (vma.start - address) >> PAGE_SHIFT
    if not vma.flags & GROWSDOWN or vma.end - address > STACK_LIMIT or not mm.may_expand(vma.flags, growth):
        return None
    if index:
        below = mm.vmas[index - 1]
        near = address - below.end < STACK_GUARD_GAP
        if near and below.flags & ACCESS and not below.flags & GROWSDOWN:
            return None
    prepare_anon_vma(mm, vma)
    vma.move_start(address)
    mm.count(vma.flags, growth)
    if vma.flags & LOCKED:
        mm.locked += growth
    if vma.flags & ACCOUNT:
        mm.committed += growth
    return vma


def populate(mm: Mm, start: int, end: int) -> bool:
    """Fault in the pages of a range as mlock does (__mm_populate), up to the first that cannot be: then False.

    Writable private mappings are written to (breaking copy on write), all others read.
    """
    return all(
        populate_vma(mm, vma, max(start, vma.start) >> PAGE_SHIFT, min(end, vma.end) >> PAGE_SHIFT)
        for vma in mm.within(start, end)
    )


def populate_vma(mm: Mm, vma: Vma, first: int, last: int) -> bool:
    """Fault in pages of one mapping (populate_vma_page_range); False where there was one that could not be.

    MLOCK_ONFAULT mappings get no pages. The kernel does not pin what it must not see: memory without access
    (PROT_NONE) and secret memory.
    """
    flags = vma.flags
    if flags & (IO | PFNMAP):
        return True
    if flags & LOCKONFAULT:
        return all(rule(vma) for rule in mm.rules.lockable_on_fault)
    if not flags & ACCESS or vma.backing.name == "secret":
        return False
    writes = flags & (WRITE | SHARED) == WRITE
    for page in range(first, last):
        if not can_reach(mm, vma, page, writes=writes):
            return False
        if writes:
            write(mm, vma, page, None)
        else:
            read(mm, vma, page)
    return True


def can_reach(mm: Mm, vma: Vma, page: int, *, writes: bool = False) -> bool:
    """Tell whether an access to the page succeeds: no guard page is there, the file is long enough and may have a page
    more, and no userfaultfd would be asked. What the page cache has is mapped without asking (handle_userfault), unless
    one wants to know of minor faults.
    """
    entry = mm.pages.get(page)
    if entry is not None:
        return entry != GUARD and not (writes and vma.flags & UFFD_WP and mm.protected.get(page))
    number = file_page(vma, page)
    if type(number) is not int or vma.file is None:
        return not vma.flags & UFFD_MISSING
    if number >= vma.file.inode.length:
        return False
    if number in vma.file.cache:
        return not vma.flags & UFFD_MINOR
    return not vma.flags & UFFD_MISSING and all(rule(mm, vma.file) for rule in mm.rules.fillable)


def write_tags(mm: Mm, vma: Vma, page: int, tags: Sequence[Tag]) -> int:
    """Write a tag to each page from ``page`` on, all in ``vma``; return how many could be reached."""
    pages = mm.pages
    careful = vma.flags & (SHARED | HUGETLB | UFFD) or vma.file is not None or mm.marked
    if not careful:
        prepare_anon_vma(mm, vma)
    for done, tag in enumerate(tags):
        if careful:
            if not can_reach(mm, vma, page, writes=True):
                return done
            write(mm, vma, page, (tag.letter, tag.page))
        elif pages.get(page) == GUARD:
            return done
        else:
            pages[page] = (tag.letter, tag.page)
        page += 1
    return len(tags)
