"""6.10 to 6.14: mseal, first for whole ranges, then mapping by mapping; guard pages."""

from __future__ import annotations

from mremapcheck.base.units import U64
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import EINVAL, ENOMEM, EPERM
from mremapcheck.executors.model.faults import prepare_anon_vma
from mremapcheck.executors.model.history.advice import not_sealed_without_file
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace
from mremapcheck.executors.model.steps.unmapping import Unmap, cut, queue_unmap_event
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import LOCKED, MAYBE_GUARD, SEALED, SHARED, SPECIAL


def check_source_not_sealed(call: Call) -> Answer:
    """Refuse where any mapping of the source is sealed, before anything is done (8be7258aad44, 6.10)."""
    mm = call.mm
    end = (call.addr + call.old_len) & U64
    for vma in mm.vmas[mm.index(call.addr) :]:
        if vma.start >= end:
            break
        if vma.flags & SEALED:
            return call.fail(EPERM, "{} is sealed", vma)
    return None


def check_range_not_sealed(state: Unmap) -> Answer:
    """Refuse to unmap a range with any sealed mapping in it, before anything is done (8be7258aad44, 6.10)."""
    mm = state.mm
    for vma in mm.vmas[mm.index(state.start) :]:
        if vma.start >= state.end:
            break
        if vma.flags & SEALED:
            return state.fail(EPERM, "{} is sealed", vma)
    return None


def check_sealed(call: Call) -> Answer:
    """Refuse where the mapping at old_address is sealed; others in the range are not looked at (38075679b5f1, 6.12)."""
    if call.vma.flags & SEALED:
        return call.fail(EPERM, "{} is sealed", call.vma)
    return None


def split_start(state: Unmap) -> Answer:
    """Cut the first mapping where the range starts in it, unless it is sealed (38075679b5f1, 6.12)."""
    mm = state.mm
    vma = mm.vmas[state.first]
    if vma.start < state.start:
        if state.end < vma.end and len(mm.vmas) >= mm.max_map_count:
            return state.fail(ENOMEM, "no map slot is free for the hole in {}", vma)
        if vma.flags & SEALED:
            return state.fail(EPERM, "{} is sealed", vma)
        state.first += 1
        return cut(state, vma, state.start)
    return None


def gather(state: Unmap) -> Answer:
    """Refuse at the first sealed mapping; what was cut by then stays cut (38075679b5f1, 6.12).

    userfaultfds of the mappings before it are told of the unmapping, though it does not happen.
    """
    for vma in state.vmas():
        if vma.flags & SEALED:
            return state.fail(EPERM, "{} is sealed", vma)
        errno = cut(state, vma, state.end) if vma.end > state.end else None
        if errno is not None:
            return errno
        if vma.uffd is not None:
            errno = queue_unmap_event(state, vma.uffd)
            if errno is not None:
                return errno
    return None


def private_anonymous_only(mm: Mm, vma: Vma) -> str | None:
    """Guard pages are for private anonymous memory that is not locked (662df3e5c376, 6.13)."""
    if vma.file is not None or vma.flags & (SHARED | LOCKED | SPECIAL):
        return EINVAL
    return None


def unlocked_only(mm: Mm, vma: Vma) -> str | None:
    """Guard pages are for any memory that is not locked, read-only files too (f807123d578d, 6.15)."""
    return EINVAL if vma.flags & (LOCKED | SPECIAL) else None


def faulted_by_guard(mm: Mm, vma: Vma) -> str | None:
    """A mapping with guard pages has an anon_vma, so that fork copies them (662df3e5c376, 6.13)."""
    prepare_anon_vma(mm, vma)
    return None


def flagged_by_guard(mm: Mm, vma: Vma) -> str | None:
    """A mapping with guard pages is flagged for it (5dba5cc2e0ff, 6.19); anonymous ones have an anon_vma, too."""
    vma.flags |= MAYBE_GUARD
    if vma.backing.anonymous:
        prepare_anon_vma(mm, vma)
    return None


def same_flags_but_guard(new: Vma, vma: Vma, before: bool) -> str | None:
    """All flags must be the same but that of guard pages, which the merged mapping inherits (5dba5cc2e0ff, 6.19)."""
    return "their flags differ" if (new.flags ^ vma.flags) & ~MAYBE_GUARD else None


def copies_guarded(vma: Vma) -> bool:
    """fork copies the page tables of mappings flagged for guard pages (5dba5cc2e0ff, 6.19)."""
    return bool(vma.flags & MAYBE_GUARD)


CHANGES = (
    Change(
        id="mseal",
        commit="8be7258aad44",
        subject="mseal: add mseal syscall",
        release=release("6.10-rc1"),
        summary="sealed memory is EPERM, wherever it lies in the source, destination or tail, and nothing was done",
        noticed_by="Chrome, glibc's loader",
        edits=(
            Insert("mremap_to", check_source_not_sealed, before="unmap_destination"),
            Insert("mremap", check_source_not_sealed, after="move_to_new_address"),
            Insert("munmap", check_range_not_sealed, after="check_range"),
            Insert("discardable", not_sealed_without_file),
        ),
        provides=("mseal",),
        evidence="""
            commit cited: by fixes: "Fixes: 8be7258aad44 ..."
            release cited: by fixes: "Cc: stable # 6.10.y"
            release measured: has 6.11.11 (fex-guest-shrinks-with-a-seal)
        """,
    ),
    Change(
        id="droppable",
        commit="9651fcedf7b9",
        subject="mm: add MAP_DROPPABLE for designating always lazily freeable mappings",
        release=release("6.11-rc1"),
        summary="MAP_DROPPABLE",
        noticed_by="set-up of scenarios only",
        provides=("droppable",),
        evidence="""
            commit cited: by fixes: "Fixes: 9651fcedf7b9 ..."
            release inferred: patches of July 2024, so the merge window of 6.11. Looked for in mmap(2), which does not
                have it yet
            release measured: has 6.11.11 (droppable)
        """,
    ),
    Change(
        id="mmap-tells-why",
        commit="f8d112a4e657",
        subject="mm/mmap: avoid zeroing vma tree in mmap_region()",
        release=release("6.12-rc1"),
        summary="mmap over what cannot be cut says EINVAL; ENOMEM before",
        noticed_by="set-up of scenarios only",
        provides=("mmap-tells-why",),
        evidence="""
            commit cited: by fixes: "Fixes: f8d112a4e657 ..."
            release cited: by the bisection "between v6.11 and v6.12-rc1"
        """,
    ),
    Change(
        id="mseal-per-mapping",
        commit="38075679b5f1",
        subject="mm/mremap: replace can_modify_mm with can_modify_vma",
        release=release("6.12-rc1"),
        summary=(
            "only the mapping at old_address is looked at first; a sealed one further on is met when others were cut "
            "or the destination is gone"
        ),
        noticed_by="whoever relied on EPERM meaning that nothing was done",
        edits=(
            Remove("mremap_to", "check_source_not_sealed"),
            Remove("mremap", "check_source_not_sealed"),
            Insert("mremap", check_sealed, after="lookup_vma", optional=True),
            Remove("munmap", "check_range_not_sealed"),
            Replace("munmap", "split_start", split_start),
            Replace("munmap", "split_end", gather),
            Remove("munmap", "queue_unmap_events"),
        ),
        needs=("mseal",),
        provides=("seals-one-by-one",),
        evidence="""
            commit cited: by fixes: "Fixes: 38075679b5f1 ..."
            release cited: by the fixes of 6.12's candidates
            release measured: lacks 6.11.11, has 6.12.43 (fex-guest-shrinks-with-a-seal)
        """,
    ),
    Change(
        id="guard-pages",
        commit="662df3e5c376",
        subject="mm: madvise: implement lightweight guard page mechanism",
        release=release("6.13-rc1"),
        summary="MADV_GUARD_INSTALL; the markers are page table entries, and mremap moves them like pages",
        noticed_by="thread libraries, allocators",
        edits=(
            Insert("guard", private_anonymous_only),
            Insert("guard", faulted_by_guard),
        ),
        provides=("guard",),
        evidence="""
            commit cited: by fixes: "Fixes: 662df3e5c376 ..."
            release manual: madvise(2): since Linux 6.13
            release measured: has 6.13.7 (guard-dontunmap)
        """,
    ),
    Change(
        id="guard-pages-in-files",
        commit="f807123d578d",
        subject="mm: allow guard regions in file-backed and read-only mappings",
        release=release("6.15-rc1"),
        summary="MADV_GUARD_INSTALL works in shared memory and files",
        noticed_by="set-up of scenarios only",
        edits=(Replace("guard", "private_anonymous_only", unlocked_only),),
        needs=("guard-pages",),
        provides=("guard-in-files",),
        evidence="""
            commit cited: "since commit f807123d578d (...) which allowed file-backed guard regions"
            release listed: in one log with 85ea6bdd88a2 and b714ccb02a76: the merge window of 6.15
            release measured: has 6.16.3 (guard-pages-in-files)
        """,
    ),
    Change(
        id="guard-flag",
        commit="5dba5cc2e0ff",
        subject="mm: introduce VM_MAYBE_GUARD and make visible in /proc/$pid/smaps",
        release=release("6.19-rc1"),
        stable=updates("6.18.37"),
        summary="mappings with guard pages say so in smaps (gu); the flag does not keep mappings apart",
        noticed_by="readers of smaps",
        edits=(
            Replace("guard", "faulted_by_guard", flagged_by_guard),
            Replace("mergeable", "same_flags", same_flags_but_guard),
            Insert("copy_on_fork", copies_guarded),
        ),
        needs=("guard-pages",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, with the series on sticky flags
            release cited: by the backport for 6.18.y, made because 6.18 lacks it and 6.19 has it
            release measured: lacks 6.18.22-alpine, has 6.19.6 (guard-dontunmap)
            6.18.37 announced: "I'm announcing the release of the 6.18.37 kernel", 27 June 2026
            6.18.37 measured: lacks 6.18.22-alpine, has 6.18.38-alpine (guard-dontunmap)
        """,
    ),
)
