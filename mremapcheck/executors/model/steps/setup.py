"""Rules of the calls around mremap that the history changes: mmap, mprotect, fork, userfaultfd, names; as of 5.4."""

from __future__ import annotations

from mremapcheck.executors.model.merging import join
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import (
    ACCESS,
    ACCOUNT,
    HUGETLB,
    MIXEDMAP,
    NORESERVE,
    PFNMAP,
    PKEY,
    SEALED,
    SHARED,
    SPECIAL,
    UFFD_MINOR,
    UFFD_WP,
    WRITE,
)


def merge_mapping(mm: Mm, new: Vma, prev: Vma | None, following: Vma | None) -> Vma | None:
    """Merge a fresh mapping: with the one before it first, and then with the one behind (vma_merge)."""
    return join(mm, new, prev, following)


def map_noreserve(how: str) -> int:
    """Let MAP_NORESERVE say that no memory is promised, which is so unless vm.overcommit_memory is 2."""
    return NORESERVE if how == "noreserve" else 0


def clear_upper_flags(flags: int) -> int:
    """Let MADV_UNMERGEABLE clear with VM_MERGEABLE all flags from bit 32 on: keys, seals, userfaultfd's minor mode.

    ~VM_MERGEABLE is a number of 32 bits, which has zeros in its upper half. Only mappings that were made mergeable lose
    any; droppable ones never are.
    """
    return flags & ~(PKEY | SEALED | UFFD_MINOR)


def account_writable(vma: Vma, flags: int) -> int:
    """Account private memory that mprotect makes writable; it stays accounted when it is made unwritable again."""
    if flags & WRITE and not vma.flags & (ACCOUNT | WRITE | SHARED | NORESERVE | HUGETLB):
        return flags | ACCOUNT
    return flags


def is_writable(vma: Vma) -> bool:
    """madvise(REMOVE) takes holes out of what is shared and writable at that moment."""
    return bool(vma.flags & WRITE)


def is_special(flags: int) -> bool:
    """Drivers' mappings and hugetlbfs memory are never locked."""
    return bool(flags & (SPECIAL | HUGETLB))


def is_accessible(vma: Vma) -> bool:
    """mlock2() asks for the pages of a mapping on fault, too: in vain where nobody may see any (check_vma_flags)."""
    return bool(vma.flags & ACCESS)


def opened_for_writing(vma: Vma) -> bool:
    """A shared mapping counts as one that may write to its file, unless this is open for reading only (VM_SHARED)."""
    return vma.file is not None and not vma.file.readonly


def copies_private_pages(vma: Vma) -> bool:
    """fork copies the page tables where the child could not fault the pages in again: private pages, drivers'."""
    return vma.anon_vma is not None or bool(vma.flags & (PFNMAP | MIXEDMAP | HUGETLB))


def can_register(vma: Vma, mode: int) -> bool:
    """userfaultfd knows missing pages of anonymous memory and shmem (uffd-wp came with 5.7)."""
    return mode != UFFD_WP and (vma.backing.anonymous or vma.backing.placement in ("shmem", "hugetlb"))


def first_page_offset(vma: Vma, start: int) -> int:
    """Register part of a mapping with the page offset of the whole, so that its end merges with nothing behind it."""
    return vma.pgoff
