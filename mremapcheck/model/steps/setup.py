"""Rules of the calls around mremap that the history changes: mmap, mprotect, fork, userfaultfd, names; as of 5.4."""

from __future__ import annotations

from mremapcheck.model.flags import ACCOUNT, NORESERVE, SHARED, UFFD_MISSING, WRITE
from mremapcheck.model.merging import Range, join
from mremapcheck.model.mm import Mm
from mremapcheck.model.vma import Vma


def merge_mapping(mm: Mm, new: Range, prev: Vma | None, following: Vma | None) -> Vma | None:
    """Merge a fresh mapping: with the one before it first, and then with the one behind (vma_merge)."""
    return join(mm, new, prev, following)


def account_writable(vma: Vma, flags: int) -> int:
    """Account private memory that mprotect makes writable; it stays accounted when it is made unwritable again."""
    if flags & WRITE and not vma.flags & (ACCOUNT | WRITE | SHARED | NORESERVE):
        return flags | ACCOUNT
    return flags


def copies_faulted(vma: Vma) -> bool:
    """fork copies the page tables of mappings that have private pages; the child faults the others in again."""
    return vma.anon_vma is not None


def missing_only(vma: Vma, mode: int) -> str | None:
    """userfaultfd knows missing pages of anonymous memory and shmem (uffd-wp came with 5.7)."""
    if mode != UFFD_MISSING:
        return "this kernel has no uffd-wp"
    if not (vma.backing.anonymous or vma.backing.placement == "shmem"):
        return "userfaultfd does not know this kind of mapping"
    return None


def first_page_offset(vma: Vma, start: int) -> int:
    """Register part of a mapping with the page offset of the whole, so that its end merges with nothing behind it."""
    return vma.pgoff
