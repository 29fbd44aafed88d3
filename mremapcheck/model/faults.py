"""Page faults: what the first access to a page leaves in the page tables, and when a mapping gets its anon_vma."""

from __future__ import annotations

from collections.abc import Sequence

from mremapcheck.model.flags import ACCESS, HUGETLB, IO, LOCKONFAULT, MAYBE_GUARD, PFNMAP, SHARED, UFFD_MISSING, WRITE
from mremapcheck.model.mm import Mm
from mremapcheck.model.pages import GUARD, ZERO
from mremapcheck.model.vma import AnonVma, Data, Vma
from mremapcheck.scenario.operations import Tag
from mremapcheck.units import PAGE_SHIFT

#: Flags that two neighbours may differ in and still share an anon_vma.
_IRRELEVANT = ACCESS | MAYBE_GUARD


def prepare_anon_vma(mm: Mm, vma: Vma) -> None:
    """Give a mapping its anon_vma before its first private page (__anon_vma_prepare).

    It takes over that of the mapping behind it, else of the one before it, where both could become one after an
    mprotect; an anon_vma that came through a fork is not shared so (reusable_anon_vma).
    """
    if vma.anon_vma is not None:
        return
    index = mm.vmas.index(vma)
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
    if vma.flags & SHARED:
        number = vma.pgoff + page - (vma.start >> PAGE_SHIFT)
        mm.pages[page] = number
        if data is not None and vma.file is not None:
            vma.file.pages[number] = data
        return
    prepare_anon_vma(mm, vma)
    if data is not None:
        mm.pages[page] = data
        return
    entry = mm.pages.get(page)
    if entry is None:
        entry = file_page(vma, page)
    if type(entry) is int:
        assert vma.file is not None
        entry = vma.file.pages.get(entry, ZERO)  # copy on write
    mm.pages[page] = entry


def read(mm: Mm, vma: Vma, page: int) -> None:
    """Read a page: map the page cache's page or the zero page; neither needs an anon_vma."""
    if page not in mm.pages:
        for each in _huge_page(vma, page) if vma.flags & HUGETLB else (page,):
            mm.pages[each] = file_page(vma, each)


def file_page(vma: Vma, page: int) -> int | str:
    """Return what a read fault maps: the number of the file's page, or ZERO for an anonymous mapping."""
    if vma.file is None or vma.backing.anonymous:
        return ZERO
    return vma.pgoff + page - (vma.start >> PAGE_SHIFT)


def populate(mm: Mm, start: int, end: int) -> bool:
    """Fault in the pages of a range as mlock does (__mm_populate); False where a mapping cannot be accessed.

    Writable private mappings are written to (breaking copy on write), all others read. MLOCK_ONFAULT ones are left
    alone, and so is what a userfaultfd would be asked for: user space would wait there.
    """
    for index in range(mm.index(start), len(mm.vmas)):
        vma = mm.vmas[index]
        if vma.start >= end:
            break
        if not populate_vma(mm, vma, max(start, vma.start) >> PAGE_SHIFT, min(end, vma.end) >> PAGE_SHIFT):
            return False
    return True


def populate_vma(mm: Mm, vma: Vma, first: int, last: int) -> bool:
    """Fault in pages of one mapping (populate_vma_page_range); False where it has no access at all (PROT_NONE)."""
    flags = vma.flags
    if flags & (LOCKONFAULT | IO | PFNMAP):
        return True
    if not flags & ACCESS:
        return False
    writes = flags & (WRITE | SHARED) == WRITE
    for page in range(first, last):
        if not can_reach(mm, vma, page):
            continue
        if writes:
            write(mm, vma, page, None)
        else:
            read(mm, vma, page)
    return True


def can_reach(mm: Mm, vma: Vma, page: int) -> bool:
    """Tell whether an access to the page succeeds: no guard page is there, and no userfaultfd would be asked for it.

    What the page cache has already is mapped without asking (handle_userfault).
    """
    entry = mm.pages.get(page)
    if entry is not None:
        return entry != GUARD
    if not vma.flags & UFFD_MISSING:
        return True
    number = file_page(vma, page)
    return type(number) is int and vma.file is not None and number in vma.file.pages


def write_tags(mm: Mm, vma: Vma, page: int, tags: Sequence[Tag]) -> int:
    """Write a tag to each page from ``page`` on, all in ``vma``; return how many could be reached."""
    pages = mm.pages
    careful = vma.flags & (SHARED | HUGETLB | UFFD_MISSING)
    if not careful:
        prepare_anon_vma(mm, vma)
    for done, tag in enumerate(tags):
        if careful:
            if not can_reach(mm, vma, page):
                return done
            write(mm, vma, page, (tag.letter, tag.page))
        elif pages.get(page) == GUARD:
            return done
        else:
            pages[page] = (tag.letter, tag.page)
        page += 1
    return len(tags)
