"""6.17: one call moves several mappings (remap_move)."""

from __future__ import annotations

from mremapcheck.base.units import U64
from mremapcheck.executors.model.call import Call, Series
from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.errno import EFAULT
from mremapcheck.executors.model.history.v5_16 import align_hugetlb
from mremapcheck.executors.model.history.v6_10 import check_sealed
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace, run
from mremapcheck.executors.model.steps import checks, parameters
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import UFFD
from mremapcheck.scenario.operations import MREMAP_FIXED


def move_each_vma(call: Call) -> Answer:
    """Move each mapping in the range by the same distance, gaps and all (remap_move; d23cb648e365, 6.17).

    Only where new_address is fixed and the sizes are equal. The move is not atomic: where one mapping fails, those
    before it stay moved, and committed. Mappings at the destination survive below gaps of the source.
    """
    if not call.flags & MREMAP_FIXED or call.old_len != call.new_len:
        return None
    mm = call.mm
    call.series = series = Series(call)
    result: Answer = None
    position = series.start
    while position < series.end:
        index = mm.index(position)
        if index == len(mm.vmas) or mm.vmas[index].start >= series.end:
            break
        vma = call.vma = mm.vmas[index]
        position = vma.end
        answer = run(mm.rules.move_each, call)
        if type(answer) is not int:
            return answer
        call.charged = 0  # what was committed for a mapping that has moved stays so, whatever becomes of the next
        if not series.seen:
            result = answer
        series.seen = True
        series.target = answer + call.new_len
    if result is None:
        return call.fail(EFAULT, "nothing is mapped in the range")
    return result


def check_first_gap(call: Call) -> Answer:
    """Refuse a range that begins with a gap (d23cb648e365, 6.17)."""
    if not call.series.seen and call.series.start < call.vma.start:
        return call.fail(EFAULT, "nothing is mapped at {:at}", call.series.start)
    return None


def aim(call: Call) -> Answer:
    """Set the call up for this mapping: its part of the range, and the same place in the destination (d23cb648e365)."""
    vma, series = call.vma, call.series
    offset = vma.start - series.last_end if series.seen else 0
    series.last_end = vma.end
    call.addr = max(vma.start, series.start)
    call.old_len = call.new_len = call.event_len = min(vma.end, series.end) - call.addr
    call.new_addr = (series.target + offset) & U64
    return None


def refuse_behind_ineligible(call: Call) -> Answer:
    """Refuse to go on behind a mapping that must be moved alone: it has been moved by now (6.17-rc1, rc2)."""
    if not call.series.previous_eligible:
        return call.fail(EFAULT, "the mapping before {} had to be moved alone, and was", call.vma)
    return None


def refuse_ineligible_later(call: Call) -> Answer:
    """Refuse a mapping that must be moved alone if others were moved already (6.17-rc1, rc2)."""
    obstacle = _obstacle(call)
    call.series.previous_eligible = obstacle is None
    if obstacle is not None and call.series.seen:
        return call.fail(EFAULT, "{} {}, and others were moved before it", call.vma, obstacle)
    return None


def check_multi_eligible(call: Call) -> Answer:
    """Refuse a mapping that must be moved alone unless it is alone in the range (d5f416c7c364, 6.17-rc3).

    Where it comes first nothing was done yet: the early failure. A gap behind it in the range is enough to refuse it.
    """
    obstacle = _obstacle(call)
    if obstacle is None:
        return None
    if call.series.seen:
        return call.fail(EFAULT, "{} {}, and others were moved before it", call.vma, obstacle)
    if call.vma.end < call.series.end:
        return call.fail(EFAULT, "{} {} and the range goes on behind it", call.vma, obstacle)
    return None


def _obstacle(call: Call) -> str | None:
    for rule in call.mm.rules.eligible:
        obstacle = rule(call.vma)
        if obstacle is not None:
            return obstacle
    return None


def not_uffd_armed(vma: Vma) -> str | None:
    """A mapping registered with a userfaultfd must be moved alone: telling it drops the lock (d23cb648e365, 6.17)."""
    return "is uffd-armed" if vma.flags & UFFD else None


def no_own_placement(vma: Vma) -> str | None:
    """A file with its own get_unmapped_area must be moved alone: it might not obey MREMAP_FIXED (d23cb648e365, 6.17).

    shmem and hugetlbfs are known to obey. ext4, xfs and btrfs, which align for huge pages, are refused by mistake.
    """
    return None if vma.backing.placement in ("none", "shmem", "hugetlb") else "places its mappings itself"


def no_own_placement_but_thp(vma: Vma) -> str | None:
    """A file with its own get_unmapped_area must be moved alone; thp_get_unmapped_area obeys (7c91e0b91aaa, rc3)."""
    return "places its mappings itself" if vma.backing.placement == "own" else None


CHANGES = (
    Change(
        id="multi-vma-move",
        commit="d23cb648e365",
        subject="mm/mremap: permit mremap() move of multiple VMAs",
        release=release("6.17-rc1"),
        summary=(
            "FIXED with equal sizes moves all mappings in the range, one by one, keeping gaps; where one fails, those "
            "before it stay moved. Mappings that must move alone are noticed too late"
        ),
        noticed_by="CRIU, zygisk, allocators; emulators that copy mremap",
        edits=(
            Insert("mremap", move_each_vma, before=("lookup_vma", "move_to_new_address")),
            Insert("move_each", refuse_behind_ineligible),
            Insert("move_each", check_first_gap),
            Insert("move_each", aim),
            Insert("move_each", refuse_ineligible_later),
            Insert("move_each", check_sealed),
            Insert("move_each", align_hugetlb),
            Insert("move_each", checks.check_vma),
            Insert("move_each", parameters.move_to_new_address),
            Insert("eligible", not_uffd_armed),
            Insert("eligible", no_own_placement),
        ),
        evidence="""
            commit cited: by the fixes of 6.17-rc3
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12, has 6.17.8 (art-collector-space-in-two)
        """,
    ),
    Change(
        id="early-failure",
        commit="d5f416c7c364",
        subject="mm/mremap: catch invalid multi VMA moves earlier",
        release=release("6.17-rc3"),
        summary=(
            "a first mapping that must move alone but does not reach the end of the range is EFAULT before anything is "
            "done, also where only a gap follows"
        ),
        noticed_by="whoever met a half done move of userfaultfd memory",
        edits=(
            Remove("move_each", "refuse_behind_ineligible"),
            Replace("move_each", "refuse_ineligible_later", check_multi_eligible),
        ),
        needs=("multi-vma-move",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the hotfixes that ended in 6.17-rc3
            release measured: lacks 6.16.12, has 6.17.8 (dev-zero-first)
        """,
    ),
    Change(
        id="thp-multi-move",
        commit="7c91e0b91aaa",
        subject="mm/mremap: allow multi-VMA move when filesystem uses thp_get_unmapped_area",
        release=release("6.17-rc3"),
        summary="files on ext4, xfs, btrfs and the like may be among several mappings that are moved",
        noticed_by="whoever moves file mappings",
        edits=(Replace("eligible", "no_own_placement", no_own_placement_but_thp),),
        needs=("multi-vma-move",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the hotfixes that ended in 6.17-rc3
            release measured: lacks 6.16.12, has 6.17.8 (file-first)
        """,
    ),
)
