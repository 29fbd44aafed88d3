"""Merging and splitting: what /proc/self/maps shows as one line or two.

The rules of who may merge are steps of the pipeline ``mergeable`` (see ``steps/mergeable.py``), which changes edit;
this module only applies their verdict. A mapping that is to be (``new``) is a Vma that is not linked yet.
"""

from __future__ import annotations

from mremapcheck.executors.model.errno import EINVAL, ENOMEM, Errno
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.vma import AnonVma, Vma
from mremapcheck.linux.vm_flags import MAYBE_GUARD, SPECIAL


def may_join(mm: Mm, new: Vma, vma: Vma, before: bool) -> bool:
    """Tell whether ``new`` may become part of its neighbour; ``before``: the neighbour is the lower one."""
    for rule in mm.rules.mergeable:
        obstacle = rule(new, vma, before)
        if obstacle is not None:
            mm.note("stays apart from {}: {}", vma, obstacle)
            return False
    return True


def may_remove(mm: Mm, vma: Vma) -> bool:
    """Tell whether a merge may make ``vma`` disappear."""
    return all(rule(vma) is None for rule in mm.rules.removable)


def _share_anon_vma(lower: Vma, upper: Vma) -> bool:
    return lower.anon_vma is None or upper.anon_vma is None or lower.anon_vma is upper.anon_vma


def join(mm: Mm, new: Vma, prev: Vma | None, following: Vma | None) -> Vma | None:
    """Merge a new range into the mappings around it (vma_merge, vma_merge_new_range).

    Returns the mapping that now covers it, or None where nothing was done.
    """
    if new.flags & SPECIAL:
        return None
    left = prev is not None and prev.end == new.start and may_join(mm, new, prev, True)
    right = following is not None and following.start == new.end and may_join(mm, new, following, False)
    return absorb(mm, new, prev if left else None, following if right else None)


def absorb(mm: Mm, new: Vma, prev: Vma | None, following: Vma | None) -> Vma | None:
    """Let the mappings that may take ``new`` in do so (vma_expand); None where there are none, or no memory for it."""
    if (prev is not None or following is not None) and not get_nodes(mm):
        return None
    result = _absorb(mm, new, prev, following)
    if mm.marked and result is not None and "soft-dirty-merges" in mm.rules.features:
        result.soft_dirty = any(vma.soft_dirty for vma in (new, prev, following) if vma is not None)
    return result


def _absorb(mm: Mm, new: Vma, prev: Vma | None, following: Vma | None) -> Vma | None:
    if prev is not None:
        if following is not None and _share_anon_vma(prev, following) and may_remove(mm, following):
            mm.note("joins {} and {}", prev, following)
            prev.end = following.end
            take_over(prev, following.anon_vma, following.flags)
            mm.vmas.remove(following)
        else:
            mm.note("joins {}", prev)
            prev.end = new.end
        mm.rules.take_in(prev, new)
        return prev
    if following is not None:
        mm.note("joins {}", following)
        mm.rules.extend_down(following, new)
        mm.rules.take_in(following, new)
        return following
    return None


def get_nodes(mm: Mm) -> bool:
    """Get memory for what is to change in the tree of mappings, which takes some since it is a maple tree (6.1)."""
    return mm.shortage is None or "maple-tree" not in mm.rules.features or mm.allocate()


def take_in(vma: Vma, new: Vma) -> None:
    """Let a mapping that grows over a new range inherit that one's anon_vma, where it has none."""
    take_over(vma, new.anon_vma, new.flags)


def extend_down(vma: Vma, new: Vma) -> None:
    """Let ``vma`` begin where ``new`` does, with the offsets that ``new`` has there."""
    vma.start = new.start
    vma.pgoff = new.pgoff
    vma.anon_pgoff = new.anon_pgoff


def take_over(vma: Vma, anon_vma: AnonVma | None, flags: int) -> None:
    """Let a mapping that grows inherit the anon_vma (dup_anon_vma) and the sticky flag of what it takes in."""
    if vma.anon_vma is None:
        vma.anon_vma = anon_vma
    vma.flags |= flags & MAYBE_GUARD


def modify(mm: Mm, vma: Vma, new: Vma) -> Vma | Errno:
    """Give part of a mapping the attributes of ``new`` (vma_modify): merge with what is around it, else split.

    Returns the mapping that holds the range now, or why it could not be split: ENOMEM where no map slot was free,
    EINVAL where its driver wants it whole (vm_ops->may_split).
    """
    around = mm.within(vma.start - 1, vma.end + 1) if mm.marked else []
    merged = _merge_existing(mm, vma, new)
    if merged is not None:
        if mm.marked:
            # The flags of the changed part become those of all, until 7.0 but for nothing (6707915e030a).
            gone = [each.soft_dirty for each in around if each is merged or not mm.is_linked(each)]
            merged.soft_dirty = new.soft_dirty or ("soft-dirty-merges" in mm.rules.features and any(gone))
        return merged
    if vma.start < new.start:
        refused = _refuses_split(mm, vma, new.start)
        if refused:
            return refused
        vma = mm.split(vma, new.start)
    if vma.end > new.end:
        refused = _refuses_split(mm, vma, new.end)
        if refused:
            return refused
        mm.split(vma, new.end)
    vma.flags = new.flags
    vma.uffd = new.uffd
    vma.name = new.name
    return vma


def _refuses_split(mm: Mm, vma: Vma, address: int) -> Errno | None:
    if len(mm.vmas) >= mm.max_map_count:
        return ENOMEM
    return None if all(rule(vma, address) for rule in mm.rules.may_split) else EINVAL


def _merge_existing(mm: Mm, vma: Vma, new: Vma) -> Vma | None:
    """Merge a changed part of ``vma`` with its neighbours (vma_merge, vma_merge_existing_range), or return None."""
    at_start = new.start == vma.start
    at_end = new.end == vma.end
    if new.flags & SPECIAL or not (at_start or at_end):
        return None
    new.source = vma
    index = mm.place(vma)
    prev = mm.vmas[index - 1] if at_start and index else None
    following = mm.vmas[index + 1] if at_end and index + 1 < len(mm.vmas) else None
    left = prev is not None and prev.end == new.start and may_join(mm, new, prev, True)
    right = following is not None and following.start == new.end and may_join(mm, new, following, False)
    whole = at_start and at_end
    if not (left or right) or (whole and not may_remove(mm, vma)):
        return None
    if left and prev is not None:
        if right and following is not None and _share_anon_vma(prev, following) and may_remove(mm, following):
            prev.end = following.end
            take_over(prev, following.anon_vma, following.flags)
            mm.vmas.remove(following)
            mm.vmas.remove(vma)
        else:
            prev.end = new.end
            if whole:
                mm.vmas.remove(vma)
            else:
                vma.move_start(new.end)
        take_over(prev, vma.anon_vma, new.flags)
        return prev
    assert following is not None
    if whole:
        mm.vmas.remove(vma)
        extend_down(following, new)
    else:
        vma.end = new.start
        following.move_start(new.start)
    take_over(following, vma.anon_vma, new.flags)
    return following
