"""Shrinking and growing in place, as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT, U64
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.pipeline import Answer, run
from mremapcheck.executors.model.steps.unmapping import unmap
from mremapcheck.linux.vm_flags import LOCKED


def shrink_or_keep(call: Call) -> Answer:
    """Unmap what is beyond new_size, across mappings and gaps alike; equal sizes change nothing.

    Up to 5.15 not even old_address itself needs to be mapped.
    """
    if call.old_len < call.new_len:
        return None
    if call.old_len > call.new_len:
        tail = (call.addr + call.new_len) & U64
        errno = unmap(call.mm, tail, call.old_len - call.new_len, call.late_events)
        if errno is not None:
            return errno
    return call.addr


def grow_in_place(call: Call) -> Answer:
    """Grow where it is if the range ends with its mapping and nothing is mapped behind."""
    vma = call.vma
    end = vma.end + call.new_len - call.old_len
    if call.old_len != vma.end - call.addr:
        call.mm.note("does not grow in place: the range ends within {}", vma)
        return None
    if not call.mm.is_free(vma.end, end):
        call.mm.note("does not grow in place: something is mapped behind {}", vma)
        return None
    if not (call.mm.has_place(vma.start, end - vma.start) and call.mm.may_map_at(vma.start)):
        return None
    return run(call.mm.rules.grow, call)


def raise_end(call: Call) -> Answer:
    """Raise the mapping's end; it does not merge with what begins there (vma_adjust)."""
    call.mm.note("grows {} in place by {:pages}", call.vma, call.new_len - call.old_len)
    call.vma.end += call.new_len - call.old_len
    return None


def count_growth(call: Call) -> Answer:
    """Add the growth to the counters and return the old address."""
    delta = (call.new_len - call.old_len) >> PAGE_SHIFT
    mm, flags = call.mm, call.vma.flags
    mm.count(flags, delta)
    if flags & LOCKED:
        mm.locked += delta
    call.new_addr = call.addr
    return call.addr
