"""7.1 to 7.3: the map count is checked once for every call; DONTUNMAP of locked and untouched memory is repaired."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import ENOMEM
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace
from mremapcheck.executors.model.vma import File, Vma
from mremapcheck.linux.vm_flags import LOCKED, SHARED, UFFD
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP


def check_map_count_of_call(call: Call) -> Answer:
    """Refuse any call, even a no-op, while fewer than 4 map slots are free (0289955fc548, 7.1).

    It comes before the lookup: musl's probe of its stack, which waits for EFAULT, no longer ends near the limit.
    """
    if len(call.mm.vmas) + 4 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 4 map slots are free")
    return None


def check_map_count(call: Call) -> Answer:
    """Refuse with fewer than 2 free map slots; destination and tail are gone by now (0289955fc548, 7.1)."""
    if len(call.mm.vmas) + 2 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 2 map slots are free")
    return None


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


def contiguous_anon_pages(new: Vma, vma: Vma, before: bool) -> str | None:
    """Private file mappings must also go on in the numbers of their private pages (6a993c7fbc3e, 7.3).

    One that was moved after a write no longer merges with a neighbour that continues its file.
    """
    if new.file is None or new.flags & SHARED:
        return None
    if before:
        fits = vma.anon_pgoff + ((vma.end - vma.start) >> PAGE_SHIFT) == new.anon_pgoff
    else:
        fits = new.anon_pgoff + ((new.end - new.start) >> PAGE_SHIFT) == vma.anon_pgoff
    return None if fits else "the numbers of their private pages do not go on"


def anon_pages_go_on(lower: Vma, upper: Vma) -> bool:
    """Neighbours share an anon_vma only where the numbers of their private pages go on (6a993c7fbc3e, 7.3)."""
    return lower.anon_pgoff + ((lower.end - lower.start) >> PAGE_SHIFT) == upper.anon_pgoff


def keep_registered_apart(call: Call) -> Answer:
    """Let the copy of memory whose userfaultfd wants no remap events merge with nothing (7.3.4).

    It loses its registration; a neighbour that it would have merged with keeps its own.
    """
    if call.copy.flags & UFFD and call.copy.uffd is not None and not call.copy.uffd.events:
        call.prev = call.following = None
    return None


def secret_within_limit(mm: Mm, file: File) -> bool:
    """Count the pages that secret memory gets, per user: beyond RLIMIT_MEMLOCK an access is SIGBUS (97d34aa65c29).

    CAP_IPC_LOCK does not help. A page stays counted until its file is closed, mapped or not. Until then each mapping
    was locked, so that a duplicate counted twice and untouched memory counted, too.
    """
    return file.backing.name != "secret" or mm.secret < mm.memlock_limit


CHANGES = (
    Change(
        id="map-count-of-every-call",
        commit="0289955fc548",
        subject="mm/mremap: check map count under mmap write lock and abstract",
        release=release("7.1-rc1"),
        summary=(
            "every call, even a no-op or one that would be EFAULT, is ENOMEM while fewer than 4 map slots are free; a "
            "FIXED move needs 4, no longer 6"
        ),
        noticed_by="musl's stack probe, which never ends; allocators with many mappings",
        edits=(
            Remove("mremap", "check_map_count_early"),
            Insert("mremap", check_map_count_of_call, before=("move_each_vma", "lookup_vma", "move_to_new_address")),
            Replace("move_vma", "check_map_count", check_map_count),
        ),
        needs=("parameters-first",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in four of them together with
                d239462787b0, which stable mails call upstream
            release listed: the same logs: the merge window of 7.1
            release measured: lacks 7.0.13, has 7.1.3 (map-count-dontunmap)
        """,
    ),
    Change(
        id="anon-page-numbers",
        commit="6a993c7fbc3e",
        subject="mm: propagate VMA anonymous page offset on map, remap, split + merge",
        release=release("7.3-rc1"),
        summary="a private file mapping moved after a write does not merge with a neighbour that continues its file",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(
            Insert("mergeable", contiguous_anon_pages, after="contiguous"),
            Insert("share_anon_vma", anon_pages_go_on),
        ),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in eight of them at its place in the
                series
            release sources: packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window
            release measured: lacks 7.2.13, has 7.3-rc7 (private-file-halves)
        """,
    ),
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
    Change(
        id="shrink-charges-right",
        commit="",
        subject="mm/mremap: populate calculated fields in vrm state correctly",
        release=release("7.4-rc1"),
        stable=updates("7.3.4"),
        summary="shrinking moves no longer commit what they cut off",
        noticed_by="Committed_AS; nothing that an outcome shows",
        edits=(Remove("move_vma", "overcharge_shrink"),),
        needs=("shrink-overcharges",),
        evidence="""
            commit inferred: no log, mail or queue that is stored lists the subject (they end in October 2026); it is
                7.3.4's in the changelog of the distribution's package
            release inferred: packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates
                after 7.3
            7.3.4 changelog
        """,
    ),
    Change(
        id="uffd-copy-stays-apart",
        commit="",
        subject="mm/vma: avoid broken uffd merge on mremap",
        release=release("7.4-rc1"),
        stable=updates("6.12.118", "7.3.4"),
        summary="moving registered memory next to memory of the same userfaultfd does not merge and unregister both",
        noticed_by="userfaultfd monitors without remap events",
        edits=(Insert("copy_vma", keep_registered_apart, before="merge_copy"),),
        evidence="""
            commit inferred: no log, mail or queue that is stored lists the subject (they end in October 2026); it is
                6.12.118's and 7.3.4's in the changelogs of the distribution's packages
            release inferred: packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates
                after 7.3
            release measured: lacks 7.3-rc7 (uffd-merges-then-disarms)
            6.12.118 changelog
            6.12.118 measured: lacks 6.12.107, has 6.12.118 (uffd-merges-then-disarms)
            7.3.4 changelog
            7.3.4 measured: lacks 7.3-rc7, has 7.3.4 (uffd-merges-then-disarms)
        """,
    ),
    Change(
        id="aio-not-inherited",
        commit="c03ce4173c7b",
        subject="fs: aio: set VMA_DONTCOPY_BIT in mmap to fix NULL-pointer-dereference error",
        release=release("7.1-rc1"),
        summary="an AIO ring is VM_DONTCOPY: a forked child does not have it",
        noticed_by="readers of smaps; children that touched their parent's ring",
        provides=("aio-not-inherited",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the fixes of April 2026 that stable queues looked at on 28 April, two days after
                7.1-rc1; no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it
            release measured: lacks 7.0.13, has 7.1.3 (aio-ring-growth)
        """,
    ),
    Change(
        id="aio-moves-whole",
        commit="3adf7ae18bf4",
        subject="fs: aio: reject partial mremap to avoid Null-pointer-dereference error",
        release=release("7.1-rc1"),
        summary="moving a part of an AIO ring, or the ring while it shrinks, is EINVAL: its driver takes it whole only",
        noticed_by="whoever moved rings in parts, and crashed the kernel when it touched what was left behind",
        provides=("aio-moves-whole",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: beside c03ce4173c7b; no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it
            release measured: lacks 7.0.13, has 7.1.3 (aio-ring-in-parts)
        """,
    ),
    Change(
        id="vvar-of-pages",
        commit="05988dba1179",
        subject="vdso/datastore: Allocate data pages dynamically",
        release=release("7.1-rc1"),
        summary="the vvar is VM_MIXEDMAP, no longer VM_PFNMAP",
        noticed_by="readers of smaps; CRIU",
        provides=("vvar-of-pages",),
        evidence="""
            commit cited: by mails on powerpc: "the generic vDSO datastore rework in commit 05988dba1179"
            release sources: recorded 7.0.13 lacks it (though a mail says v7.0), 7.1.13 has it; a commit of the merge
                window
            release measured: lacks 7.0.13, has 7.1.3 (criu-moves-vvar-then-vdso)
        """,
    ),
    Change(
        id="secret-unlocked",
        commit="97d34aa65c29",
        subject="mm/secretmem: properly account locked pages",
        release=release("7.3-rc2"),
        stable=updates("6.1.191", "6.6.159", "6.12.113", "6.18.53", "7.2.5"),
        summary="memory of memfd_secret is neither VM_LOCKED nor part of VmLck",
        noticed_by="users of memfd_secret with a small RLIMIT_MEMLOCK",
        edits=(Insert("fillable", secret_within_limit),),
        provides=("secret-unlocked",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, beside 35b0fb391b0d
            release listed: before the merges of 7.3-rc2; packaged sources of 7.3-rc7 have it
            release measured: lacks 7.1.13, has 7.3-rc7 (secret-by-default)
            6.1.191 changelog
            6.1.191 measured: lacks 6.1.176, has 6.1.192 (secret-by-default)
            6.6.159 queued: the log of the push that ends with "Linux 6.6.159-rc1" lists it
            6.6.159 measured: lacks 6.6.9 (secret-by-default)
            6.12.113 changelog
            6.12.113 measured: lacks 6.12.107, has 6.12.118 (secret-by-default)
            6.18.53 inferred: the logs of the pushes of 6.18.50, .51, .54, .55 and of 6.18.56-rc1 do not list it: it
                came with .52 or .53, whose logs were looked for and not found
            6.18.53 measured: lacks 6.18.38-alpine, has 6.18.56-alpine (secret-by-default)
            7.2.5 listed: in the log of the push that ends with "Linux 7.2.5"
            7.2.5 measured: has 7.2.6 (secret-by-default)
        """,
    ),
    Change(
        id="vvar-is-memory",
        commit="c27e727c9a60",
        subject="vdso/datastore: Allow prefaulting by mlockall()",
        release=release("7.3-rc1"),
        summary="the vvar is not VM_IO",
        noticed_by="readers of smaps; core dumps of the vvar",
        needs=("vvar-of-pages",),
        provides=("vvar-is-memory",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in seven of them at its place in the
                series
            release sources: packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window
            release measured: lacks 7.2.13, has 7.3-rc7 (criu-moves-vvar-then-vdso)
        """,
    ),
)
