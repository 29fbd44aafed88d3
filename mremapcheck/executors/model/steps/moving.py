"""Carrying a mapping to its new place (move_vma, copy_vma), as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model import pages
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.errno import EINVAL, ENOMEM
from mremapcheck.executors.model.merging import join
from mremapcheck.executors.model.pipeline import Answer, run
from mremapcheck.executors.model.steps.unmapping import unmap
from mremapcheck.linux.vm_flags import ACCOUNT, LOCKED, UFFD


def move_vma(call: Call) -> Answer:
    """Copy the mapping to new_addr, move its pages there and unmap the source."""
    return run(call.mm.rules.move_vma, call)


def check_map_count(call: Call) -> Answer:
    """Refuse with fewer than 4 free map slots; destination and tail are gone by now."""
    if len(call.mm.vmas) >= call.mm.max_map_count - 3:
        return call.fail(ENOMEM, "fewer than 4 map slots are free")
    return None


def copy_vma(call: Call) -> Answer:
    """Map the new place like the old one: by growing a neighbour, or by a mapping of its own."""
    call.was_locked = bool(call.vma.flags & LOCKED)
    return run(call.mm.rules.copy_vma, call)


def describe_copy(call: Call) -> Answer:
    """Take everything from the source; a mapping that was faulted keeps its page offset."""
    vma = call.vma
    copy = vma.part(call.addr, call.addr)
    copy.start = call.new_addr
    copy.end = call.new_addr + call.new_len
    copy.source = vma
    call.copy = copy
    return None


def renumber_unfaulted(call: Call) -> Answer:
    """Number the pages of a mapping without an anon_vma by its new address, as a fresh one there would have them.

    So an untouched anonymous mapping merges wherever it comes; a touched one keeps the offset of its old place and
    does not. Private /dev/zero counts as anonymous here.
    """
    copy = call.copy
    if copy.anon_vma is None:
        copy.anon_pgoff = copy.start >> PAGE_SHIFT
        if copy.backing.anonymous:
            copy.pgoff = copy.anon_pgoff
    return None


def find_neighbours(call: Call) -> Answer:
    """Look up what is before and behind the destination, which is empty by now."""
    call.prev, call.following = call.mm.neighbours(call.new_addr)
    return None


def merge_copy(call: Call) -> Answer:
    """Merge the copy into its neighbours, else link a mapping of its own, as long as there is memory for one.

    The source itself may be such a neighbour where it was never faulted: then one mapping holds both places.
    """
    mm, copy = call.mm, call.copy
    merged = join(mm, copy, call.prev, call.following)
    if merged is None:
        if not mm.allocate():
            return call.fail(ENOMEM, "there is no memory for a copy of {}", call.vma)
        merged = copy
        merged.source = None
        mm.insert(merged)
        mm.note("copies {} to {}", call.vma, merged)
    elif merged.start <= call.vma.start < merged.end:
        call.vma = merged
    call.new_vma = merged
    return None


def move_pages(call: Call) -> Answer:
    """Move the page tables' entries; the grown part stays empty, a duplicate (old_size 0) gets none.

    Where there is no memory for page tables at the new place, those that were moved go back and the copy is unmapped.
    """
    if call.old_len and not call.mm.allocate():
        take_back(call)
        return call.fail(ENOMEM, "there is no memory for page tables at {:at}", call.new_addr)
    mm, vma = call.mm, call.vma
    source, target, count = call.addr >> PAGE_SHIFT, call.new_addr >> PAGE_SHIFT, call.old_len >> PAGE_SHIFT
    if mm.marked:
        keeps = all(rule(vma) for rule in mm.rules.keeps_protection)
        mm.move_bits(source, target, count, keeps_protection=keeps)
    pages.move(mm.pages, source, target, count)
    return None


def tell_driver(call: Call) -> Answer:
    """Let the driver know (vm_ops->mremap), who may refuse: then the pages go back and the copy is unmapped.

    The vdso and the vvar have one length only, whatever is left of them (5.4 to 5.10); so has an aio ring since 7.1
    (3adf7ae18bf4), which aio also refuses to move where a child inherited it.
    """
    vma, mm = call.vma, call.mm
    kind = vma.backing.name
    if kind == "aio" and vma.file is not None:
        whole = call.new_len >> PAGE_SHIFT == vma.file.inode.length
        refused = mm.is_child or ("aio-moves-whole" in mm.rules.features and not whole)
    else:
        refused = kind in mm.images and call.new_len != mm.images[kind]
    if not refused:
        return None
    pages.move(mm.pages, call.new_addr >> PAGE_SHIFT, call.addr >> PAGE_SHIFT, call.old_len >> PAGE_SHIFT)
    take_back(call)
    return call.fail(EINVAL, "the driver of {} does not let it be moved so", vma)


def take_back(call: Call) -> None:
    """Unmap a copy that has no pages any more, after the kernel has taken it for the source and counted it."""
    mm, length = call.mm, call.new_len >> PAGE_SHIFT
    mm.count(call.vma.flags, length)
    if call.was_locked:
        mm.locked += length
    unmap(mm, call.new_addr, call.new_len, call.late_events)
    if call.copy.flags & ACCOUNT:
        mm.committed += length  # VM_ACCOUNT is concealed meanwhile: nothing was committed for it


def follow_userfaultfd(call: Call) -> Answer:
    """Let a userfaultfd with remap events follow the move; one without loses the new mapping (3cfd22be0ad6, 5.0).

    Where the copy merged with a neighbour of the same userfaultfd, the neighbour's registration is lost with it.
    """
    new = call.new_vma
    if new.uffd is not None:
        if new.uffd.events:
            call.notify = new.uffd
        else:
            new.uffd = None
            new.flags &= ~UFFD
            call.mm.note("{} is no longer registered with its userfaultfd", new)
    return None


def count_copy(call: Call) -> Answer:
    """Add the copy to the counters; the source is taken off when it is unmapped."""
    call.mm.count(call.vma.flags, call.new_len >> PAGE_SHIFT)
    return None


def unmap_source(call: Call) -> Answer:
    """Unmap the source. Its memory stays committed, for the copy.

    A failure to unmap is ignored: the source then stays mapped, empty and as a whole no longer accounted.
    """
    mm, vma = call.mm, call.vma
    pages_left = call.old_len >> PAGE_SHIFT
    accounted = call.copy.flags & ACCOUNT
    start, end = vma.start, vma.end
    failed = unmap(mm, call.addr, call.old_len, call.late_events) is not None
    if accounted and failed:
        for left in mm.within(start, end):
            left.flags &= ~ACCOUNT
    elif accounted:
        mm.committed += pages_left
    return None


def count_locked(call: Call) -> Answer:
    """Count the copy of an mlocked mapping as locked; the source is taken off when it is unmapped."""
    if call.was_locked:
        call.mm.locked += call.new_len >> PAGE_SHIFT
    return None


def answer_new_address(call: Call) -> Answer:
    """Return the new address."""
    return call.new_addr
