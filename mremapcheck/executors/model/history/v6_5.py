"""6.5 to 6.12: secret memory, stacks and rings, and what still merged wrongly."""

from __future__ import annotations

from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.pipeline import Insert, Remove, Replace
from mremapcheck.executors.model.steps import setup
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import ACCOUNT, NOHUGEPAGE, WRITE


def map_stack(how: str) -> int:
    """Let MAP_STACK forbid huge pages, as MADV_NOHUGEPAGE does (c4608d1bf7c6, 6.8); before, it means nothing."""
    return NOHUGEPAGE if how == "stack" else 0


def no_close_hook(vma: Vma) -> str | None:
    """A mapping whose driver counts its mappings (vm_ops->close) does not disappear in a merge (fc0c8f9089c2, 6.8).

    Since 714965ca8252 (6.4) only the mapping behind was asked, and a mapping that is changed as a whole and then equals
    the one before it was absorbed.
    """
    return "vm_ops->close" if vma.backing.has_close else None


def unaccount_unfaulted(vma: Vma, flags: int) -> int:
    """Give the commitment of untouched anonymous memory back when it is made unwritable (9b9143298585, 6.7).

    It then merges with memory that was mapped unwritable.
    """
    if not flags & WRITE and flags & ACCOUNT and vma.backing.anonymous and vma.anon_vma is None:
        return flags & ~ACCOUNT
    return flags


CHANGES = (
    Change(
        id="secret-by-default",
        commit="b758fe6df50d",
        subject="mm/secretmem: make it on by default",
        release=release("6.5-rc1"),
        summary="memfd_secret works without a boot option",
        noticed_by="set-up of scenarios only",
        provides=("secret",),
        evidence="""
            commit cited: by the manual page memfd_secret(2)
            release manual: memfd_secret(2): before Linux 6.5 it had to be enabled
            release measured: has 6.6.9 (secret-by-default)
        """,
    ),
    Change(
        id="mprotect-unaccounts",
        commit="9b9143298585",
        subject="mm/mprotect: allow unfaulted VMAs to be unaccounted on mprotect()",
        release=release("6.7-rc1"),
        summary="untouched anonymous memory that mprotect makes unwritable is no longer accounted",
        noticed_by="whoever counts lines of /proc/PID/maps; Committed_AS",
        edits=(Insert("mprotect", unaccount_unfaulted, after="account_writable"),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release sources: a memory management commit of October 2023, the merge window of 6.7; recorded kernels on
                both sides agree
            release measured: lacks 6.6.9, has 6.8 (mprotect-unaccounts)
        """,
    ),
    Change(
        id="stack-without-huge-pages",
        commit="c4608d1bf7c6",
        subject="mm: mmap: map MAP_STACK to VM_NOHUGEPAGE",
        release=release("6.8-rc1"),
        stable=updates("6.7.6"),
        summary="a mapping made with MAP_STACK has no huge pages, and does not merge with one made without",
        noticed_by="threads' stacks that grow by mremap; whoever counts lines of /proc/PID/maps",
        edits=(Insert("map_flags", map_stack),),
        evidence="""
            commit listed: with its subject, in lists of fixes for the page cache and huge pages
            release listed: in pushes of February 2024 to a stable tree of 6.7, which lacks it so far
            release measured: lacks 6.1.192, has 6.12.118 (grow-over-a-stack)
            6.7.6 listed: in pushes of February 2024 to the queue of that update
        """,
    ),
    Change(
        id="attached-stays-apart",
        commit="fc0c8f9089c2",
        subject="mm, mmap: fix vma_merge() case 7 with vma_ops->close",
        release=release("6.8"),
        stable=updates("6.6.24", "6.7.12"),
        summary=(
            "a piece of SysV shared memory, changed back to what the piece before it is, stays a mapping of its own; "
            "since 6.4 it became part of that one"
        ),
        noticed_by="users of shmat: the segment counted one attachment too many, and was never removed",
        edits=(Insert("removable", no_close_hook),),
        needs=("merge-with-close",),
        evidence="""
            commit reviewed: "commit fc0c8f9089c2... upstream", review of 6.6.24; LTP shmat04
            release listed: in the push that ends with the merge of "mm-hotfixes-stable-2024-03-07-16-17", between
                6.8-rc7 and 6.8
            6.6.24 reviewed: "[PATCH 6.6 206/396]" of 1 April 2024, the review of 6.6.24
            6.7.12 changelog
        """,
    ),
    Change(
        id="io-uring-pages",
        commit="3ab1db3c6039",
        subject="io_uring: get rid of remap_pfn_range() for mapping rings/sqes",
        release=release("6.10-rc1"),
        stable=updates("6.1.132", "6.6.84"),
        summary="io_uring's mappings are VM_MIXEDMAP, no longer VM_IO and VM_PFNMAP",
        noticed_by="readers of smaps",
        provides=("io-uring-pages",),
        evidence="""
            commit cited: by fixes: "Fixes: 3ab1db3c6039 ..."
            release sources: a commit of the merge window of 6.10; recorded kernels on both sides agree
            release measured: lacks 6.8, has 6.11.11 (dontexpand-dontunmap)
            6.1.132 changelog
            6.1.132 measured: has 6.1.176 (dontexpand-dontunmap)
            6.6.84 reviewed: "[PATCH 6.6 095/166]" of 19 March 2025, the review of 6.6.84
            6.6.84 measured: lacks 6.6.9 (dontexpand-dontunmap)
        """,
    ),
    Change(
        id="mmap-merges-before-first",
        commit="cacded5e42b9",
        subject="mm: avoid using vma_merge() for new VMAs",
        release=release("6.12-rc1"),
        summary=(
            "a fresh mapping between two that were faulted apart becomes part of the one before it again; SysV shared "
            "memory merges with what is behind it unless that would disappear"
        ),
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(
            Replace("merge_mapping", "merge_mapping", setup.merge_mapping),
            Remove("mergeable", "no_close"),
        ),
        needs=("mmap-merges-behind-first", "attached-stays-apart"),
        evidence="""
            commit cited: by fixes: "Fixes: cacded5e42b9 ..."
            release sources: recorded 6.11.11 lacks it, 6.12.107 has it; a commit of the merge window
            release measured: lacks 6.11.11, has 6.12.43 (mmap-merges-before-first)
        """,
    ),
)
