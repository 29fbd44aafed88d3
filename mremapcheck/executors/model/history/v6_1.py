"""6.1 to 6.4: growth merges with what is behind it, and merging is rewritten for the maple tree."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import EBADF, EINVAL, ENOMEM
from mremapcheck.executors.model.merging import absorb, extend_down, get_nodes, join, may_join
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pipeline import Answer, Insert, Replace
from mremapcheck.executors.model.steps import mergeable
from mremapcheck.executors.model.steps.unmapping import Unmap
from mremapcheck.executors.model.vma import Vma


def merge_growth_wrong_offset(call: Call) -> Answer:
    """Merge what is added with the mapping itself, and with the next one if it reaches it (ca3d76b0aa80, 6.1).

    The page offset is computed as if the range began with the mapping. Where it begins further in, nothing merges, and
    realloc() of the tail of an arena sees ENOMEM.
    """
    vma = call.vma
    growth = _growth(call)
    growth.pgoff -= (call.addr - vma.start) >> PAGE_SHIFT
    return _merge_growth(call, growth)


def merge_growth(call: Call) -> Answer:
    """Merge what is added with the mapping itself, and with the next one if it reaches it (6f12be792fde, 6.2)."""
    return _merge_growth(call, _growth(call))


def merge_growth_unless_close(call: Call) -> Answer:
    """Merge what is added, but only raise the end where vm_ops has a close hook (d014cd7c1c35, 6.2)."""
    if call.vma.backing.has_close:
        if not get_nodes(call.mm):
            return call.fail(ENOMEM, "there is no memory to grow {}", call.vma)
        call.vma.end += call.new_len - call.old_len
        return None
    return _merge_growth(call, _growth(call))


def _growth(call: Call) -> Vma:
    end = call.vma.end
    return call.vma.part(end, end + call.new_len - call.old_len)


def _merge_growth(call: Call, growth: Vma) -> Answer:
    mm, vma = call.mm, call.vma
    index = mm.place(vma) + 1
    grown = join(mm, growth, vma, mm.vmas[index] if index < len(mm.vmas) else None)
    if grown is not vma:
        return call.fail(ENOMEM, "the growth does not merge with {}", vma)
    return None


def get_nodes_to_unmap(state: Unmap) -> Answer:
    """Refuse to unmap anything where there is no memory for the tree's nodes (d4af56c5c7c6, 6.1).

    What was cut stays cut. Until then unmapping whole mappings needed none, and could not fail.
    """
    if not get_nodes(state.mm):
        return state.fail(ENOMEM, "there is no memory to unmap [{:at}, {:at})", state.start, state.end)
    return None


def merge_mapping_behind_first(mm: Mm, new: Vma, prev: Vma | None, following: Vma | None) -> Vma | None:
    """Merge a fresh mapping with the one behind it first; the one before must then fit that (4dd1b84140c1, 6.1).

    So where both neighbours were faulted apart, the mapping goes with the one behind; up to 6.0 and from 6.12 it goes
    with the one before.
    """
    right = following is not None and following.start == new.end and may_join(mm, new, following, False)
    if right and following is not None:
        new.anon_vma = following.anon_vma
    left = prev is not None and prev.end == new.start and may_join(mm, new, prev, True)
    if right and not left and following is not None:
        extend_down(following, new)
        return following
    return absorb(mm, new, prev if left else None, following if right else None)


def extend_down_wrong_offset(vma: Vma, new: Vma) -> None:
    """Let a mapping begin lower but keep its page offset: file data appears at the wrong place (0503ea8f5ba7, 6.3).

    rpm's database was the first to notice.
    """
    vma.start = new.start
    vma.anon_pgoff = new.anon_pgoff


def no_close_behind(new: Vma, vma: Vma, before: bool) -> str | None:
    """Only a mapping that may disappear must not have a close hook: the one behind (714965ca8252, 6.4)."""
    return mergeable.no_close(new, vma, before) if not before else None


def refuse_address_of_ring(call: Call) -> Answer:
    """Refuse any address for an io_uring mapping, with MREMAP_FIXED too (d808459b2e31, 6.4)."""
    if call.vma.backing.name == "io-uring" and call.new_addr:
        return call.fail(EINVAL, "{} goes only where io_uring likes", call.vma)
    return None


def private_anonymous_or_shared(vma: Vma) -> str | None:
    """Shared anonymous memory can have a name, too, and every file of shmem without a link (d09e8ca6cb93, 6.2).

    It has the same vm_ops; memfds are such files, and here those of tmpfs.
    """
    return None if vma.file is None or vma.backing.placement == "shmem" else EBADF


CHANGES = (
    Change(
        id="maple-tree",
        commit="d4af56c5c7c6",
        subject="mm: start tracking VMAs with maple tree",
        release=release("6.1-rc1"),
        summary=(
            "unmapping whole mappings, growing and merging need memory for the tree's nodes: where it runs out a call "
            "fails (or does not merge) that could not fail before"
        ),
        noticed_by="who runs out of memory; fault injection",
        edits=(Insert("munmap", get_nodes_to_unmap, before="unmap_range"),),
        provides=("maple-tree",),
        evidence="""
            commit cited: by fixes: "Fixes: d4af56c5c7c6 ..."
            release listed: with the series of the maple tree, in the merge window of 6.1
        """,
    ),
    Change(
        id="growth-merges",
        commit="ca3d76b0aa80",
        subject="mm: add merging after mremap resize",
        release=release("6.1-rc1"),
        summary=(
            "growth in place merges with the next mapping where it reaches it; ENOMEM for VM_SPECIAL mappings, those "
            "with vm_ops->close and where the range begins inside its mapping"
        ),
        noticed_by="Firefox (fewer mappings), realloc() of arenas and SysV shared memory (ENOMEM)",
        edits=(Replace("grow", "raise_end", merge_growth_wrong_offset),),
        evidence="""
            commit cited: by fixes: "Fixes: ca3d76b0aa80 ..."
            release listed: right behind the maple tree, in the merge window of 6.1; its fixes speak of a "regression in
                6.1"
            release measured: lacks 5.15.100, has 6.1.176 (grow-from-inside-up-to-a-neighbour)
        """,
    ),
    Change(
        id="mmap-merges-behind-first",
        commit="4dd1b84140c1",
        subject="mm/mmap: use advanced maple tree API for mmap_region()",
        release=release("6.1-rc1"),
        summary="a fresh mapping between two that were faulted apart becomes part of the one behind it",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(Replace("merge_mapping", "merge_mapping", merge_mapping_behind_first),),
        evidence="""
            commit cited: by fixes and by stable backports of mmap_region()
            release listed: as part of the maple tree, in the merge window of 6.1
            release measured: lacks 5.15.100, has 6.1.176 (mmap-merges-before-first)
        """,
    ),
    Change(
        id="growth-offset",
        commit="6f12be792fde",
        subject="mm, mremap: fix mremap() expanding vma with addr inside vma",
        release=release("6.2-rc1"),
        stable=updates("6.1.3"),
        summary="growth in place works again where old_address is inside its mapping",
        noticed_by="realloc() of the last block of an arena: ENOMEM since 6.1",
        edits=(Replace("grow", "raise_end", merge_growth),),
        needs=("growth-merges",),
        evidence="""
            commit reviewed: "commit 6f12be792fde... upstream", review of 6.1.3
            release listed: in one log with the merge of "mm-hotfixes-stable-2022-12-22-14-34", three days before
                6.2-rc1
            release measured: lacks 5.15.100, has 6.6.9 (grow-from-inside-up-to-a-neighbour)
            6.1.3 changelog
            6.1.3 measured: has 6.1.176 (clickhouse-doubles-a-buffer)
        """,
    ),
    Change(
        id="shared-anon-names",
        commit="d09e8ca6cb93",
        subject="mm: anonymous shared memory naming",
        release=release("6.2-rc1"),
        summary="shared anonymous memory can have a name",
        noticed_by="set-up of scenarios only",
        edits=(Replace("nameable", "private_anonymous", private_anonymous_or_shared),),
        needs=("anon-names",),
        evidence="""
            commit cited: by the manual page proc_pid_maps(5) and by fixes
            release manual: proc_pid_maps(5): since Linux 6.2
        """,
    ),
    Change(
        id="growth-with-close",
        commit="d014cd7c1c35",
        subject="mm, mremap: fix mremap() expanding for vma's with vm_ops->close()",
        release=release("6.2-rc7"),
        stable=updates("6.1.11"),
        summary="SysV shared memory grows in place again",
        noticed_by="LTP mremap, users of shmat: ENOMEM since 6.1",
        edits=(Replace("grow", "raise_end", merge_growth_unless_close),),
        needs=("growth-offset",),
        evidence="""
            commit cited: by the commit that reverts it, and by LTP
            release listed: among the hotfixes that ended in 6.2-rc7
            release measured: lacks 5.15.100 (grow-from-inside-up-to-a-neighbour)
            6.1.11 changelog
            6.1.11 measured: has 6.1.176 (grow-sysv-shm)
        """,
    ),
    Change(
        id="merge-shifts-file",
        commit="0503ea8f5ba7",
        subject="mm/mmap: remove __vma_adjust()",
        release=release("6.3-rc1"),
        summary="a mapping moved right before one that continues its file shows the wrong pages of the file",
        noticed_by="rpm",
        edits=(Replace("extend_down", "extend_down", extend_down_wrong_offset),),
        evidence="""
            commit cited: "upgrading to v6.3 ... bisected to commit 0503ea8f5ba7"
            release cited: the same mail: in 6.3, and not before
            release measured: lacks 6.1.192 (merge-shifts-file)
        """,
    ),
    Change(
        id="merge-keeps-file",
        commit="7e7757876f25",
        subject="mm/mremap: fix vm_pgoff in vma_merge() case 3",
        release=release("6.4-rc1"),
        stable=updates("6.3.1"),
        summary="such a merge shows the right pages again",
        noticed_by="rpm",
        edits=(Replace("extend_down", "extend_down", extend_down),),
        needs=("merge-shifts-file",),
        evidence="""
            commit cited: by LTP (mremap06)
            release cited: "it's in my tree as commit 7e7757876f25 right now", 27 April 2023: the merge window of 6.4
            release measured: has 6.6.9 (merge-shifts-file)
            6.3.1 reviewed: "[PATCH 6.3 09/11]" of 28 April 2023, the review of 6.3.1
        """,
    ),
    Change(
        id="merge-with-close",
        commit="714965ca8252",
        subject="mm/mmap: start distinguishing if vma can be removed in mergeability test",
        release=release("6.4-rc1"),
        summary="SysV shared memory merges where no mapping that was attached disappears",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(Replace("mergeable", "no_close", no_close_behind),),
        evidence="""
            commit cited: by fc0c8f9089c2, which mends it
            release inferred: patches of March 2023, so the merge window of 6.4. Looked for in logs of pushes and stable
                queues
            release measured: lacks 6.1.192, has 6.6.9 (merge-with-close)
        """,
    ),
    Change(
        id="io-uring-placement",
        commit="d808459b2e31",
        subject="io_uring: Adjust mapping wrt architecture aliasing requirements",
        release=release("6.4-rc1"),
        stable=updates("6.1.51"),
        summary="io_uring's mappings cannot be given an address: FIXED is EINVAL, after the destination was unmapped",
        noticed_by="CRIU",
        edits=(Insert("place", refuse_address_of_ring, after="check_length"),),
        evidence="""
            commit cited: by syzbot and by the reports of its bug on IA-64
            release cited: broken since 6.4, say the reports ("Cc: stable # 6.4" of its fix)
            release measured: lacks 5.15.100, has 6.6.9 (io-uring-ring-moves)
            6.1.51 reviewed: "[PATCH 6.1 09/10]" of 31 August 2023, a backport of this commit and its fixes in one
            6.1.51 measured: has 6.1.176 (io-uring-ring-moves)
        """,
    ),
)
