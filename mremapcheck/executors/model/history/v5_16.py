"""5.16 to 5.19: the mapping is looked up first, for every call."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import EBADF, EINVAL, ENOMEM
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace
from mremapcheck.executors.model.steps import checks
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import ACCOUNT, HUGETLB
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP


def lookup_vma(call: Call) -> Answer:
    """Look the mapping up first, also for a no-op and a shrink (550a7d60bd5e, 5.16).

    Where there is none the call returns EFAULT with the wrong sign: the address 14, and no errno.
    """
    vma = call.mm.find(call.addr)
    if vma is None:
        call.mm.note("nothing is mapped at {:at}: returns 14, which is EFAULT with the wrong sign", call.addr)
        return 14
    call.vma = vma
    return None


def align_hugetlb(call: Call) -> Answer:
    """Round hugetlbfs memory's sizes up to huge pages; refuse addresses within one, and growth (550a7d60bd5e, 5.16).

    new_address must be a multiple of the huge page's size even where it is not used. An unaligned end is rounded up.
    """
    if not call.vma.flags & HUGETLB:
        return None
    unit = call.vma.backing.unit
    call.old_len = call.event_len = -(-call.old_len // unit) * unit
    call.new_len = -(-call.new_len // unit) * unit
    if call.addr % unit:
        return call.fail(EINVAL, "old_address {:at} is within a huge page", call.addr)
    if call.new_addr % unit:
        return call.fail(EINVAL, "new_address {:at} is within a huge page, used or not", call.new_addr)
    if call.new_len > call.old_len:
        return call.fail(EINVAL, "{} is hugetlbfs memory, which cannot grow", call.vma)
    return None


def charge_move(call: Call) -> Answer:
    """Commit memory right before the copy: for all of it (DONTUNMAP) or what it adds (fdbef6149135, 5.16)."""
    if call.vma.flags & ACCOUNT:
        pages = (call.new_len if call.flags & MREMAP_DONTUNMAP else call.new_len - call.old_len) >> PAGE_SHIFT
        if not call.mm.charge(pages):
            return call.fail(ENOMEM, "there is no memory to commit for {} pages", pages)
        call.mm.note("commits memory for {} pages", pages)
        call.charged += pages
    return None


def same_name(new: Vma, vma: Vma, before: bool) -> str | None:
    """Both must have the same name, given with PR_SET_VMA_ANON_NAME, or none (9a10064f5625, 5.17)."""
    return "their names differ" if new.name != vma.name else None


def private_anonymous(vma: Vma) -> str | None:
    """Only private anonymous memory can have a name (9a10064f5625, 5.17)."""
    return None if vma.file is None else EBADF


CHANGES = (
    Change(
        id="lookup-first",
        commit="550a7d60bd5e",
        subject="mm, hugepages: add mremap() support for hugepage backed vma",
        release=release("5.16-rc1"),
        summary=(
            "old_address must be mapped even for a no-op or a shrink, and is looked up before new_address is checked; "
            "where it is not, the call returns 14 instead of failing"
        ),
        noticed_by="whoever probes for mapped pages with mremap(p, n, n, 0)",
        edits=(Insert("mremap", lookup_vma, before="move_to_new_address"),),
        evidence="""
            commit cited: by fixes: "Fixes: 550a7d60bd5e ..."
            release sources: packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of
                5.16
            release measured: lacks 5.15.100, has 6.1.176 (destination-in-kernel-space)
        """,
    ),
    Change(
        id="hugetlb-moves",
        commit="550a7d60bd5e",
        subject="mm, hugepages: add mremap() support for hugepage backed vma",
        release=release("5.16-rc1"),
        summary=(
            "hugetlbfs memory can be moved and shrunk, in whole huge pages; growth is EINVAL, and so is a new_address "
            "within a huge page, even where it is not used"
        ),
        noticed_by="databases and VMMs on huge pages",
        edits=(
            Insert("mremap", align_hugetlb, before="move_to_new_address"),
            Remove("check_vma", "refuse_hugetlb"),
        ),
        needs=("lookup-first",),
        evidence="""
            commit cited: by fixes: "Fixes: 550a7d60bd5e ..."
            release sources: packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of
                5.16
            release measured: lacks 5.15.100, has 6.1.176 (huge-page-by-a-small-size)
        """,
    ),
    Change(
        id="charge-at-move",
        commit="fdbef6149135",
        subject="mm/mremap: don't account pages in vma_to_resize()",
        release=release("5.16-rc1"),
        summary="memory is committed last: other errors come before ENOMEM of overcommitted memory",
        noticed_by="users of vm.overcommit_memory=2",
        edits=(
            Remove("check_vma", "charge_growth"),
            Insert("grow", checks.charge_growth, before="raise_end"),
            Remove("move_vma", "charge_copy_first"),
            Insert("move_vma", charge_move, before="copy_vma"),
        ),
        needs=("dontunmap-overcommit",),
        evidence="""
            commit cited: by fixes: "Fixes: fdbef6149135 ..."
            release sources: packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of
                5.16
        """,
    ),
    Change(
        id="anon-names",
        commit="9a10064f5625",
        subject="mm: add a field to store names for private anonymous memory",
        release=release("5.17-rc1"),
        summary="mappings with different names stay apart",
        noticed_by="Android's allocators, whoever counts lines of /proc/PID/maps",
        edits=(
            Insert("mergeable", same_name, after="same_userfaultfd"),
            Insert("nameable", private_anonymous),
        ),
        provides=("anon-names",),
        evidence="""
            commit cited: by fixes and by the patch of a manual page
            release manual: proc_pid_maps(5): since Linux 5.17
        """,
    ),
    Change(
        id="dontneed-locked",
        commit="9457056ac426",
        subject="mm: madvise: MADV_DONTNEED_LOCKED",
        release=release("5.18-rc1"),
        summary="MADV_DONTNEED_LOCKED",
        noticed_by="set-up of scenarios only",
        provides=("dontneed-locked",),
        evidence="""
            commit cited: by mails on its origin, and by perf
            release listed: among the memory management commits of March 2022, the merge window of 5.18
            release measured: has 6.1.176 (dontneed-locked)
        """,
    ),
    Change(
        id="lock-on-fault-without-access",
        commit="b67bf49ce7aa",
        subject="mm/munlock: delete FOLL_MLOCK and FOLL_POPULATE",
        release=release("5.18-rc1"),
        summary="mlock2() of memory without access succeeds with MLOCK_ONFAULT; before, it failed after locking it",
        noticed_by="set-up of scenarios only",
        edits=(Remove("lockable_on_fault", "is_accessible"),),
        evidence="""
            commit cited: "new ltp memcg gripe bisects to b67bf49ce7aa", March 2022
            release listed: in the tag folio-5.18c, pulled on 21 March 2022 in the merge window of 5.18
        """,
    ),
    Change(
        id="efault-sign",
        commit="7d1e64966162",
        subject="mm: mremap: fix sign for EFAULT error return value",
        release=release("5.18-rc7"),
        stable=updates("5.17.9"),
        summary="an unmapped old_address is EFAULT, no longer the pointer 14",
        noticed_by="everybody who looked at errno",
        edits=(Replace("mremap", "lookup_vma", checks.lookup_vma),),
        needs=("lookup-first",),
        evidence="""
            commit reviewed: "commit 7d1e64966162... upstream", review of 5.17.9
            release listed: among the fixes of May 2022 that ended in 5.18-rc7
            release measured: lacks 5.15.100, has 6.1.176 (destination-in-kernel-space)
            5.17.9 changelog
        """,
    ),
)
