"""6.15 and 6.16: mremap is refactored (order of checks, three accounting bugs), anonymous mappings merge more."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.merging import take_in, take_over
from mremapcheck.executors.model.pipeline import Answer, Insert, Move, Remove, Replace
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import ACCOUNT
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP


def send_events(call: Call, failed: bool) -> None:
    """Tell the userfaultfd of the move with the length that was moved, after a shrink (85ea6bdd88a2, 6.15)."""
    events = call.mm.events
    events += call.early_events
    if call.notify is not None and not failed:
        events.append(("remap", call.addr, call.new_addr, call.old_len))
    events += call.late_events


def unaccount_source(call: Call) -> Answer:
    """Take VM_ACCOUNT from a source that stays mapped: nothing uncommits it any more (b714ccb02a76, 6.15)."""
    if call.flags & MREMAP_DONTUNMAP and call.vma.flags & ACCOUNT:
        call.vma.flags &= ~ACCOUNT
        call.mm.note("{} is no longer accounted", call.vma)
    return None


def overcharge_shrink(call: Call) -> Answer:
    """Commit memory for what a shrinking move has just cut off, and never give it back (85ea6bdd88a2, 6.15)."""
    pages = (call.event_len - call.new_len) >> PAGE_SHIFT
    if pages > 0 and call.vma.flags & ACCOUNT:
        call.mm.committed += pages
        call.mm.note("commits memory for {} pages that were cut off", pages)
    return None


def anon_vmas_fit(new: Vma, vma: Vma, before: bool) -> str | None:
    """An unfaulted neighbour takes in a faulted range, too (879bca0a2c4f, 6.16).

    Where the range only changes its attributes, it must not have come through a fork; one that mremap copies may have.
    """
    if new.anon_vma is vma.anon_vma:
        return None
    if new.anon_vma is None and vma.anon_vma is not None and not vma.anon_vma.forked:
        return None
    if vma.anon_vma is None and new.anon_vma is not None:
        changes_in_place = new.source is not None and new.source.start <= new.start < new.source.end
        if not (changes_in_place and new.anon_vma.forked):
            return None
    return "their anon_vma differs"


def take_in_without_anon_vma(vma: Vma, new: Vma) -> None:
    """Leave the anon_vma of a range that mremap copied behind (879bca0a2c4f, 6.16; CVE-2026-23077).

    Its neighbour, which was never faulted, has grown over pages that its reverse mapping does not know. So it is
    numbered anew when it moves, and a fork copies none of these pages: the child reads zeros.
    """
    take_over(vma, None, new.flags)


def anon_vmas_fit_unless_forked(new: Vma, vma: Vma, before: bool) -> str | None:
    """An unfaulted neighbour takes in a faulted range unless that came through a fork (61f67c230a5e, 6.19).

    Merging one that mremap copied had left the parent's anon_vma behind: a use after free, CVE-2026-23077.
    """
    if new.anon_vma is vma.anon_vma:
        return None
    if new.anon_vma is None and vma.anon_vma is not None and not vma.anon_vma.forked:
        return None
    if vma.anon_vma is None and new.anon_vma is not None and not new.anon_vma.forked:
        return None
    return "their anon_vma differs"


CHANGES = (
    Change(
        id="parameters-first",
        commit="85ea6bdd88a2",
        subject="mm/mremap: refactor mremap() system call implementation",
        release=release("6.15-rc1"),
        summary=(
            "the alignment of new_address and the free map slots are checked before old_address is looked up: EINVAL "
            "and ENOMEM come before EFAULT and EPERM"
        ),
        noticed_by="conformance tests with two errors in one call",
        edits=(
            Move("mremap", "check_old_address", after="check_flags"),
            Move("mremap", "round_sizes", after="check_old_address"),
            Move("mremap", "check_new_size", after="round_sizes"),
            Move("mremap_to", "check_new_address", to="mremap", after="check_new_size"),
            Move("mremap_to", "check_map_count_early", to="mremap", after=("check_dontunmap", "check_fixed_may_move")),
        ),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in five of them at its place in the
                series
            release listed: with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15
            release measured: lacks 6.14.0, has 6.16.3 (map-count-or-lookup)
        """,
    ),
    Change(
        id="event-length",
        commit="85ea6bdd88a2",
        subject="mm/mremap: refactor mremap() system call implementation",
        release=release("6.15-rc1"),
        summary="a shrinking move tells the userfaultfd the length that was moved, no longer the caller's old_size",
        noticed_by="userfaultfd monitors (CRIU)",
        edits=(Replace("finish", "send_events", send_events),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in five of them at its place in the
                series
            release listed: with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15
            release measured: lacks 6.14.0, has 6.16.3 (uffd-shrinking-move-events)
        """,
    ),
    Change(
        id="dontunmap-unaccounts",
        commit="b714ccb02a76",
        subject="mm/mremap: complete refactor of move_vma()",
        release=release("6.15-rc1"),
        summary="DONTUNMAP takes VM_ACCOUNT from the whole source mapping, which then merges with nothing accounted",
        noticed_by="Committed_AS, which leaks; readers of smaps",
        edits=(Insert("move_vma", unaccount_source, before="keep_source"),),
        needs=("dontunmap",),
        evidence="""
            commit cited: by 0e59f47c15ce, which mends another part of it
            release listed: with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15
            release measured: lacks 6.14.0, has 6.16.3 (dontunmap-hint-in-use)
        """,
    ),
    Change(
        id="dontunmap-locks-twice",
        commit="b714ccb02a76",
        subject="mm/mremap: complete refactor of move_vma()",
        release=release("6.15-rc1"),
        summary="DONTUNMAP of mlocked memory counts the copy as locked and never takes the source off",
        noticed_by="VmLck, which leaks until mlock fails",
        edits=(Move("move_vma", "count_locked", after="count_copy"),),
        needs=("dontunmap",),
        evidence="""
            commit cited: by 0e59f47c15ce, which mends another part of it
            release listed: with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15
            release measured: lacks 6.14.0, has 6.16.3 (kselftest-dontunmap-06)
        """,
    ),
    Change(
        id="shrink-overcharges",
        commit="85ea6bdd88a2",
        subject="mm/mremap: refactor mremap() system call implementation",
        release=release("6.15-rc1"),
        summary="each shrinking move commits the memory that it cuts off, for ever",
        noticed_by="whoever watches Committed_AS, which leaks",
        edits=(Insert("move_vma", overcharge_shrink, before="copy_vma"),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in five of them at its place in the
                series
            release listed: with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15
            release measured: lacks 6.12.118, has 6.16.12 (shrinking-move-leaks-its-tail)
        """,
    ),
    Change(
        id="faulted-merges-unfaulted",
        commit="879bca0a2c4f",
        subject="mm/vma: fix incorrectly disallowed anonymous VMA merges",
        release=release("6.16-rc1"),
        summary=(
            "faulted memory moved (or made equal) next to unfaulted memory merges with it; what was moved counts as "
            "unfaulted then, and a forked child loses its contents"
        ),
        noticed_by="whoever counts lines of /proc/PID/maps; whoever forks after such a move",
        edits=(
            Replace("mergeable", "anon_vmas_fit", anon_vmas_fit),
            Replace("take_in", "take_in", take_in_without_anon_vma),
        ),
        evidence="""
            commit cited: by fixes: "Fixes: 879bca0a2c4f ..."
            release cited: by the advisory CVE-2026-23077: affected since 6.16
            release measured: lacks 6.14.0, has 6.16.3 (home-beside-a-fresh-neighbour)
        """,
    ),
    Change(
        id="anon-inodes-not-executable",
        commit="1ed95281c0c7",
        subject="anon_inode: raise SB_I_NODEV and SB_I_NOEXEC",
        release=release("6.16-rc1"),
        stable=updates("6.15.4"),
        summary="io_uring's mappings cannot be made executable",
        noticed_by="set-up of scenarios only",
        provides=("anon-inodes-not-executable",),
        needs=("io-uring-pages",),
        evidence="""
            commit reviewed: "commit 1ed95281c0c7... upstream", review of 6.15.4
            release sources: a commit of the merge window of 6.16 (recorded 6.14.0 lacks it)
            6.15.4 reviewed: "[PATCH 6.15 035/592]" of 23 June 2025, the review of 6.15.4
        """,
    ),
    Change(
        id="unmergeable-keeps-flags",
        commit="f04aad36a07c",
        subject="mm/ksm: fix flag-dropping behavior in ksm_madvise",
        release=release("6.18-rc1"),
        stable=updates("5.4.302", "5.10.247", "5.15.197", "6.1.158", "6.6.115", "6.12.55", "6.17.3"),
        summary=(
            "MADV_UNMERGEABLE clears no other flag of a mergeable mapping; before, it lost its seal, its protection "
            "key and userfaultfd's minor mode"
        ),
        noticed_by="whoever relies on mseal(2) or on protection keys, which one madvise took away",
        edits=(Remove("unmergeable", "clear_upper_flags"),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the fixes of October 2025 that ended in 6.18-rc1
            release measured: lacks 6.16.12, has 6.18.15 (unmergeable-breaks-the-seal)
            5.4.302 queued: the log of the push to linux-5.4.y of 21 November 2025 lists it
            5.10.247 inferred: picked with that of 5.15 (sent on 7 November 2025, taken on 17 November)
            5.10.247 measured: has 5.10.262 (unmergeable-loses-the-key)
            5.15.197 reviewed: the review of 3 December 2025 has the patch
            6.1.158 reviewed: "[PATCH 6.1 154/157]" of 27 October 2025, the review of 6.1.158
            6.1.158 measured: has 6.1.192 (unmergeable-loses-the-key)
            6.6.115 inferred: sent on 21 October 2025 with that of 6.1, reviewed on 27 October
            6.12.55 reviewed: "[PATCH 6.12 000/135] 6.12.55-rc2 review" of 22 October 2025 lists it
            6.12.55 measured: has 6.12.118 (unmergeable-breaks-the-seal)
            6.17.3 reviewed: "[PATCH 6.17 532/563]" of 13 October 2025, the review of 6.17.3
            6.17.3 measured: has 6.17.13 (unmergeable-breaks-the-seal)
        """,
    ),
    Change(
        id="account-fix",
        commit="0e59f47c15ce",
        subject="mm/mremap: correctly account old mapping after MREMAP_DONTUNMAP remap",
        release=release("6.18-rc3"),
        stable=updates("6.17.6"),
        summary="DONTUNMAP leaves VM_ACCOUNT on the source again",
        noticed_by="Committed_AS; readers of smaps",
        edits=(Remove("move_vma", "unaccount_source"),),
        needs=("dontunmap-unaccounts",),
        evidence="""
            commit reviewed: "commit 0e59f47c15ce... upstream", review of 6.17.6
            release listed: right behind the merge of vfio-v6.18-rc3
            release measured: lacks 6.16.12, has 6.18.5 (dontunmap-hint-in-use)
            6.17.6 reviewed: "[PATCH 6.17 106/184]" of 27 October 2025, the review of 6.17.6
            6.17.6 measured: has 6.17.8 (art-collector-space-in-two)
        """,
    ),
    Change(
        id="forked-stays-apart",
        commit="61f67c230a5e",
        subject="mm/vma: fix anon_vma UAF on mremap() faulted, unfaulted merge",
        release=release("6.19-rc7"),
        stable=updates("6.18.8"),
        summary=(
            "faulted memory that merges where it is moved to still counts as faulted, and a fork copies it; what a "
            "child inherited does not merge with unfaulted memory when it is moved next to it"
        ),
        noticed_by="whoever was hit by CVE-2026-23077",
        edits=(
            Replace("mergeable", "anon_vmas_fit", anon_vmas_fit_unless_forked),
            Replace("take_in", "take_in", take_in),
        ),
        needs=("faulted-merges-unfaulted",),
        evidence="""
            commit cited: by the advisory CVE-2026-23077
            release listed: among the hotfixes of January 2026 that ended in 6.19-rc7
            release measured: lacks 6.18.5, has 6.19.6 (home-beside-a-fresh-neighbour-and-on)
            6.18.8 reviewed: "[PATCH 6.18 226/227]" of 28 January 2026, the review of 6.18.8
            6.18.8 measured: lacks 6.18.5, has 6.18.9 (home-beside-a-fresh-neighbour-and-on)
        """,
    ),
)
