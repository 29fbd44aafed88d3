"""7.3: what MREMAP_DONTUNMAP got wrong with locked and with untouched memory is repaired."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import ENOMEM
from mremapcheck.executors.model.pipeline import Answer, Insert, Replace
from mremapcheck.linux.vm_flags import LOCKED
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP


def reset_page_offset(call: Call) -> Answer:
    """Number the pages of an anonymous source moved as a whole by its address again (35b0fb391b0d, 7.3).

    So a fresh mapping next to it merges with it, even where it had been moved before.
    """
    vma = call.vma
    if (
        call.flags & MREMAP_DONTUNMAP
        and vma.start == call.addr
        and vma.end == call.addr + call.old_len
        and vma.backing.anonymous
        and vma.file is None
    ):
        vma.pgoff = vma.start >> PAGE_SHIFT
    return None


def _keeps_untouched_source(call: Call) -> bool:
    """Tell whether the source stays mapped, and is such that its copy could merge with it."""
    return bool(call.flags & MREMAP_DONTUNMAP) and call.copy.anon_vma is None and call.copy.backing.anonymous


def pass_by_source(call: Call) -> Answer:
    """Do not take the source for a neighbour of its own copy where it stays mapped (838bb60dc215, 7.3)."""
    if _keeps_untouched_source(call):
        if call.prev is call.vma:
            call.prev = None
        if call.following is call.vma:
            call.following = None
    return None


def merge_with_nothing_beside_source(call: Call) -> Answer:
    """Keep a copy apart from both neighbours where it touches its source, which stays mapped (6.1.y, 6.1.191)."""
    vma = call.vma
    beside = call.new_addr == vma.end or vma.start == call.new_addr + call.new_len
    if beside and _keeps_untouched_source(call):
        call.prev = call.following = None
    return None


def split_locked_source(call: Call) -> Answer:
    """Cut the part that moves out of a locked source, so that only this part is unlocked (597e4b9ab48a, 7.3)."""
    vma, mm = call.vma, call.mm
    if not (call.flags & MREMAP_DONTUNMAP and vma.flags & LOCKED):
        return None
    if vma.start < call.addr:
        if len(mm.vmas) >= mm.max_map_count or not mm.allocate():
            return call.fail(ENOMEM, "no map slot is free to cut {}, or no memory", vma)
        vma = mm.split(vma, call.addr)
    if vma.end > call.addr + call.old_len:
        if len(mm.vmas) >= mm.max_map_count or not mm.allocate():
            return call.fail(ENOMEM, "no map slot is free to cut {}, or no memory", vma)
        mm.split(vma, call.addr + call.old_len)
    call.vma = vma
    return None


def check_slots_to_split_early(call: Call) -> Answer:
    """Refuse MREMAP_DONTUNMAP while fewer than 5 map slots are free: locked sources are cut (597e4b9ab48a, 7.3)."""
    if call.flags & MREMAP_DONTUNMAP and len(call.mm.vmas) + 5 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 5 map slots are free")
    return None


def check_slots_to_split(call: Call) -> Answer:
    """Refuse to cut a locked source with fewer than 3 free map slots (597e4b9ab48a, 7.3)."""
    cuts = call.flags & MREMAP_DONTUNMAP and call.vma.flags & LOCKED
    if cuts and len(call.mm.vmas) + 3 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 3 map slots are free")
    return None


def count_locked_unless_kept(call: Call) -> Answer:
    """Count the copy as locked; where the source stays it has given its share up (397432cab17b, 7.3)."""
    if call.was_locked and not call.flags & MREMAP_DONTUNMAP:
        call.mm.locked += call.new_len >> PAGE_SHIFT
    return None


CHANGES = (
    Change(
        id="dontunmap-resets-offset",
        commit="35b0fb391b0d",
        subject="mm/mremap: reset unfaulted VMA page offset for MREMAP_DONTUNMAP",
        release=release("7.3-rc2"),
        stable=updates("5.15.223", "6.1.191", "6.6.159", "6.12.112", "6.18.52", "7.2.6"),
        summary="an anonymous source moved as a whole by DONTUNMAP merges with fresh memory, even if moved before",
        noticed_by="garbage collectors with many mappings",
        edits=(Insert("move_vma", reset_page_offset, before="keep_source"),),
        needs=("dontunmap-unlinks-anon-vma",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, beside 97d34aa65c29
            release listed: before the merges of 7.3-rc2; packaged sources of 7.3-rc7 have it
            release measured: lacks 7.1.13, has 7.3-rc7 (dontunmap-source-offset)
            5.15.223 queued: the stable queue of 6 October 2026 has it for 5.15.y, after 5.15.222; the update itself was
                looked for and not found
            5.15.223 measured: lacks 5.15.100 (dontunmap-source-offset)
            6.1.191 changelog
            6.1.191 measured: lacks 6.1.176, has 6.1.192 (dontunmap-source-offset)
            6.6.159 queued: the log of the push that ends with "Linux 6.6.159-rc1" lists it
            6.6.159 measured: lacks 6.6.9 (dontunmap-source-offset)
            6.12.112 changelog
            6.12.112 measured: lacks 6.12.107, has 6.12.118 (dontunmap-source-offset)
            6.18.52 inferred: the logs of the pushes of 6.18.50, .51, .54, .55 and of 6.18.56-rc1 do not list it, and
                7.2.6 came out beside .52; the log of .52 was looked for and not found
            6.18.52 measured: lacks 6.18.38-alpine, has 6.18.56-alpine (dontunmap-source-offset)
            7.2.6 sources: packaged sources of 7.2.6 have it; the logs of the pushes of 7.2.4 and 7.2.5 do not list it
            7.2.6 measured: has 7.2.6 (dontunmap-source-offset)
        """,
    ),
    Change(
        id="dontunmap-locks-once",
        commit="397432cab17b",
        subject="mm/mremap: account mm->locked_vm correctly for MREMAP_DONTUNMAP",
        release=release("7.3-rc4"),
        stable=updates("6.18.54", "7.2.8"),
        summary="DONTUNMAP of mlocked memory leaves VmLck as it was, for the source gives its share up",
        noticed_by="VmLck, and whoever met RLIMIT_MEMLOCK by DONTUNMAP since 6.15",
        edits=(Replace("move_vma", "count_locked", count_locked_unless_kept),),
        needs=("dontunmap-locks-twice",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: in the log of linux-next of 15 September 2026, between "mm-hotfixes-stable-2026-09-13-21-50"
                and "9p-for-7.3-rc4"
            release measured: lacks 7.2.6, has 7.3-rc7 (kselftest-dontunmap-06)
            6.18.54 listed: in the log of a push that ends with "Linux 6.18.54"
            6.18.54 measured: lacks 6.18.38-alpine, has 6.18.56-alpine (kselftest-dontunmap-06)
            7.2.8 changelog
            7.2.8 measured: lacks 7.2.6, has 7.2.9 (kselftest-dontunmap-06)
        """,
    ),
    Change(
        id="dontunmap-splits-locked",
        commit="597e4b9ab48a",
        subject="mm/mremap: fix locked_vm leak by splitting VMA for MREMAP_DONTUNMAP",
        release=release("7.3-rc7"),
        stable=updates("6.1.191", "6.12.114", "7.2.11"),
        summary=(
            "DONTUNMAP unlocks only the part that moves, which becomes a mapping of its own, and VmLck stays right; it "
            "needs one more free map slot"
        ),
        noticed_by="users of mlock and DONTUNMAP; VmLck",
        edits=(
            Insert("move_vma", check_slots_to_split, after="check_map_count"),
            Insert("move_vma", split_locked_source, before=("charge_move", "charge_copy_first", "copy_vma")),
            Insert("mremap", check_slots_to_split_early, after="check_map_count_of_call", optional=True),
        ),
        needs=("dontunmap",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in nine of them, among them
                mm-hotfixes-stable; the ids b54ba4428277, 9f305ddce17b, 863af35b7500 and 00b2591b9f04 are those of
                integration trees
            release sources: packaged sources of 7.3-rc7 have it; in mm-hotfixes-stable in October 2026, after 7.3-rc6.
                6.18.57 and 6.6.y were looked for and not found
            release measured: lacks 7.2.9, has 7.3-rc7 (kselftest-dontunmap-07)
            6.1.191 changelog
            6.1.191 measured: lacks 6.1.176, has 6.1.192 (kselftest-dontunmap-07)
            6.12.114 changelog
            6.12.114 measured: lacks 6.12.107, has 6.12.118 (kselftest-dontunmap-07)
            7.2.11 changelog
            7.2.11 measured: lacks 7.2.9, has 7.2.11 (kselftest-dontunmap-07)
        """,
    ),
    Change(
        id="dontunmap-stays-apart",
        commit="838bb60dc215",
        subject="mm/mremap: fix locked_vm leak from MREMAP_DONTUNMAP self-merge",
        release=release("7.3-rc7"),
        stable=updates("6.12.114", "7.2.11"),
        summary="DONTUNMAP of untouched memory to a place next to it leaves two mappings, no longer one",
        noticed_by="whoever counts lines of /proc/PID/maps; VmLck with MLOCK_ONFAULT",
        edits=(Insert("copy_vma", pass_by_source, before="merge_copy"),),
        needs=("dontunmap",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in nine of them, among them
                mm-hotfixes-stable; the ids b54ba4428277, 9f305ddce17b, 863af35b7500 and 00b2591b9f04 are those of
                integration trees
            release sources: packaged sources of 7.3-rc7 have it; in mm-hotfixes-stable in October 2026, after 7.3-rc6.
                6.18.57 and 6.6.y were looked for and not found
            release measured: lacks 7.2.9, has 7.3-rc7 (dontunmap-next-to-itself)
            6.12.114 changelog
            6.12.114 measured: lacks 6.12.107, has 6.12.118 (dontunmap-next-to-itself)
            7.2.11 changelog
            7.2.11 measured: lacks 7.2.9, has 7.2.11 (dontunmap-next-to-itself)
        """,
    ),
    Change(
        id="dontunmap-stays-alone",
        commit="",
        subject="mm/mremap: fix locked_vm leak from MREMAP_DONTUNMAP self-merge (as 6.1.y has it)",
        release=release("6.1.191"),
        stable=updates("6.1.191"),
        stable_only=True,
        summary="6.1.y only: DONTUNMAP of untouched memory to a place next to it merges with neither neighbour",
        noticed_by="whoever counts lines of /proc/PID/maps; VmLck with MLOCK_ONFAULT",
        edits=(Insert("copy_vma", merge_with_nothing_beside_source, before="merge_copy"),),
        needs=("dontunmap",),
        evidence="""
            commit changelog: 6.1.191 lists it under mainline's subject; the packaged sources of 6.1.192 do it another
                way than mainline
            release changelog: the changelog of the distribution's package lists it under ChangeLog-6.1.191
            release measured: lacks 6.1.176 (dontunmap-next-to-itself)
            6.1.191 changelog
            6.1.191 measured: lacks 6.1.176, has 6.1.192 (dontunmap-next-to-itself)
        """,
    ),
)
