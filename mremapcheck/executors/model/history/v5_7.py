"""5.7 to 5.14: MREMAP_DONTUNMAP, first for private anonymous memory, then for everything."""

from __future__ import annotations

from mremapcheck.base.units import ARENA_END, PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.errno import EINVAL, ENOMEM
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import ACCOUNT, DONTEXPAND, LOCKS, PFNMAP, SHARED
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE


def check_flags(call: Call) -> Answer:
    """Refuse unknown flags; MREMAP_DONTUNMAP is known (e346b3813067, 5.7)."""
    if call.flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP):
        return call.fail(EINVAL, "flags {:#x} are not all known", call.flags)
    return None


def check_dontunmap(call: Call) -> Answer:
    """Refuse MREMAP_DONTUNMAP without MAYMOVE or with sizes that differ in a single byte (e346b3813067, 5.7)."""
    if call.flags & MREMAP_DONTUNMAP:
        if not call.flags & MREMAP_MAYMOVE:
            return call.fail(EINVAL, "DONTUNMAP without MAYMOVE")
        if call.move.old_size != call.move.new_size:
            return call.fail(EINVAL, "DONTUNMAP does not resize: the sizes differ")
    return None


def check_dontunmap_source(call: Call) -> Answer:
    """Refuse MREMAP_DONTUNMAP of anything but private anonymous memory (e346b3813067, 5.7).

    Garbage collectors that wanted to move shared memory so had to wait for 5.13.
    """
    if call.flags & MREMAP_DONTUNMAP and (not call.vma.backing.anonymous or call.vma.flags & SHARED):
        return call.fail(EINVAL, "{} is not private anonymous memory", call.vma)
    return None


def check_room_for_copy(call: Call) -> Answer:
    """Refuse where RLIMIT_AS or RLIMIT_DATA has no room for both; the destination is gone (e346b3813067, 5.7)."""
    if call.flags & MREMAP_DONTUNMAP and not call.mm.may_expand(call.vma.flags, call.old_len >> PAGE_SHIFT):
        return call.fail(ENOMEM, "RLIMIT_AS or RLIMIT_DATA has no room for {:pages} more", call.old_len)
    return None


def keep_source(call: Call) -> Answer:
    """Leave the source mapped, without pages and unlocked, and return (e346b3813067, 5.7).

    VM_LOCKED goes from the whole mapping, also where only a part was moved; VmLck keeps counting that part.
    """
    if call.flags & MREMAP_DONTUNMAP:
        call.vma.flags &= ~LOCKS
        call.mm.note("keeps {} mapped", call.vma)
        return call.new_addr
    return None


def charge_copy(call: Call) -> Answer:
    """Commit memory for the second mapping, whether there is any or not (e346b3813067, 5.7)."""
    if call.flags & MREMAP_DONTUNMAP and call.copy.flags & ACCOUNT:
        call.mm.committed += call.new_len >> PAGE_SHIFT
    return None


def account_next(call: Call) -> Answer:
    """Mark whatever mapping comes next as accounted where the middle of one was moved (e346b3813067, 5.7 to 5.10).

    The kernel believes that it has cut the source and restores VM_ACCOUNT in its upper part. Shared memory becomes
    accounted so, for which nothing was committed, and then merges with nothing like it.
    """
    mm, vma = call.mm, call.vma
    inside = vma.start < call.addr and call.addr + call.old_len < vma.end
    if call.flags & MREMAP_DONTUNMAP and inside and vma.flags & ACCOUNT and call.new_vma is not vma:
        following = next((other for other in mm.vmas if other.start >= vma.end), None)
        if following is not None and following.start < ARENA_END:  # behind the arena comes the executor's own
            following.flags |= ACCOUNT
            mm.note("marks {} as accounted", following)
    return None


def charge_copy_first(call: Call) -> Answer:
    """Commit memory for the second mapping before it is made; there may be none (ad8ee77ea9db, 5.11)."""
    if call.flags & MREMAP_DONTUNMAP and call.vma.flags & ACCOUNT:
        pages = call.new_len >> PAGE_SHIFT
        if not call.mm.charge(pages):
            return call.fail(ENOMEM, "there is no memory to commit for {} pages", pages)
        call.mm.note("commits memory for {} pages", pages)
        call.charged += pages
    return None


def check_may_split(call: Call) -> Answer:
    """Refuse to move part of what its driver wants whole, before anything is copied (73d5e0629919, 5.11)."""
    vma, end = call.vma, call.addr + call.old_len
    for address in (call.addr, end):
        if vma.start < address < vma.end and not all(rule(vma, address) for rule in call.mm.rules.may_split):
            return call.fail(EINVAL, "{} cannot be cut at {:at}", vma, address)
    return None


def not_special(vma: Vma, address: int) -> bool:
    """The vdso and its data pages are never cut, not by munmap either (871402e05b24, 5.11)."""
    return vma.backing.name not in ("vdso", "vvar")


def check_dontunmap_drivers(call: Call) -> Answer:
    """Refuse MREMAP_DONTUNMAP only of what a driver laid out: VM_DONTEXPAND, VM_PFNMAP (a4609387859f, 5.13).

    Shared memory and files may be moved so, for which ART and CRIU had asked.
    """
    if call.flags & MREMAP_DONTUNMAP and call.vma.flags & (DONTEXPAND | PFNMAP):
        return call.fail(EINVAL, "{} belongs to a driver", call.vma)
    return None


def forget_anon_vma(call: Call) -> Answer:
    """Let a source that was moved as a whole be as if it had never been faulted (1583aa278f5f, 5.13).

    So what is done next to it merges; its page offset stays the old one, though, until 7.3-rc2.
    """
    vma = call.vma
    if call.flags & MREMAP_DONTUNMAP and vma.start == call.addr and vma.end == call.addr + call.old_len:
        vma.anon_vma = None
        vma.anon_pgoff = vma.start >> PAGE_SHIFT
    return None


CHANGES = (
    Change(
        id="dontunmap",
        commit="e346b3813067",
        subject="mm/mremap: add MREMAP_DONTUNMAP to mremap()",
        release=release("5.7-rc1"),
        summary="flag 4 moves the pages of private anonymous memory and leaves an empty mapping behind; EINVAL before",
        noticed_by="garbage collectors, live migration",
        edits=(
            Replace("mremap", "check_flags", check_flags),
            Insert("mremap", check_dontunmap, after="check_fixed_may_move"),
            Insert("check_vma", check_dontunmap_source, after="check_duplicate"),
            Insert("mremap_to", check_room_for_copy, before="place"),
            Insert("move_vma", charge_copy, before="unmap_source"),
            Insert("move_vma", account_next, before="unmap_source"),
            Insert("move_vma", keep_source, before="unmap_source"),
        ),
        evidence="""
            commit cited: by fixes: "Fixes: e346b3813067 ..."
            release manual: mremap(2): since Linux 5.7
            release measured: lacks 5.4.286, has 5.10.218 (art-collector-space-in-two)
        """,
    ),
    Change(
        id="special-mappings-whole",
        commit="871402e05b24",
        subject="mm: forbid splitting special mappings",
        release=release("5.11-rc1"),
        summary="munmap of part of the vdso or vvar is EINVAL",
        noticed_by="CRIU, sandboxes",
        edits=(Insert("may_split", not_special),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management commits of December 2020, the merge window of 5.11
            release measured: lacks 5.10.262, has 5.15.100 (special-mappings-whole)
        """,
    ),
    Change(
        id="split-checked-first",
        commit="73d5e0629919",
        subject="mremap: check if it's possible to split original vma",
        release=release("5.11-rc1"),
        summary="a move of part of a mapping that its driver does not let be cut is EINVAL before it is copied",
        noticed_by="CRIU, sandboxes; the destination is gone in either case",
        edits=(Insert("move_vma", check_may_split, after="check_map_count"),),
        evidence="""
            commit cited: by a mail on a failing test ("on recent kernels with commit 73d5e0629919")
            release listed: among the memory management commits of December 2020, the merge window of 5.11
        """,
    ),
    Change(
        id="dontunmap-overcommit",
        commit="ad8ee77ea9db",
        subject="mm/mremap: for MREMAP_DONTUNMAP check security_vm_enough_memory_mm()",
        release=release("5.11-rc1"),
        summary=(
            "DONTUNMAP fails with ENOMEM where memory is overcommitted; it was committed unconditionally before, and "
            "where the middle of a mapping was moved the next mapping, whatever it was, became accounted"
        ),
        noticed_by="users of vm.overcommit_memory=2; readers of smaps",
        edits=(
            Remove("move_vma", "charge_copy"),
            Remove("move_vma", "account_next"),
            Insert("move_vma", charge_copy_first, before="copy_vma"),
        ),
        needs=("dontunmap",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management commits of December 2020, the merge window of 5.11
        """,
    ),
    Change(
        id="dontunmap-any-mapping",
        commit="a4609387859f",
        subject="mm: extend MREMAP_DONTUNMAP to non-anonymous mappings",
        release=release("5.13-rc1"),
        summary="DONTUNMAP works for shared memory and files; only VM_DONTEXPAND and VM_PFNMAP are EINVAL",
        noticed_by="garbage collectors with shared heaps (ART), CRIU",
        edits=(Replace("check_vma", "check_dontunmap_source", check_dontunmap_drivers),),
        needs=("dontunmap",),
        evidence="""
            commit cited: by the patch of the manual page mremap(2)
            release manual: mremap(2): since Linux 5.13
            release measured: lacks 5.10.262, has 5.15.100 (art-asks-for-dontunmap)
        """,
    ),
    Change(
        id="dontunmap-unlinks-anon-vma",
        commit="1583aa278f5f",
        subject="mm: mremap: unlink anon_vmas when mremap with MREMAP_DONTUNMAP success",
        release=release("5.13-rc1"),
        summary="a source moved as a whole by DONTUNMAP counts as never faulted, and merges like that",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(Insert("move_vma", forget_anon_vma, before="keep_source"),),
        needs=("dontunmap",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management commits of April 2021, the merge window of 5.13
            release measured: lacks 5.10.262, has 5.15.100 (dontunmap-unlinks-anon-vma)
        """,
    ),
    Change(
        id="madvise-populate",
        commit="4ca9b3859dac",
        subject="mm/madvise: introduce MADV_POPULATE_(READ|WRITE) to prefault page tables",
        release=release("5.14-rc1"),
        summary="MADV_POPULATE_READ and MADV_POPULATE_WRITE",
        noticed_by="set-up of scenarios only",
        provides=("madvise-populate",),
        evidence="""
            commit cited: by fixes: "Fixes: 4ca9b3859dac ..."
            release manual: madvise(2): since Linux 5.14
            release measured: has 5.15.100 (madvise-populate)
        """,
    ),
)
