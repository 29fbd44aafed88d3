"""Whether the source mapping may do what is asked (vma_to_resize, check_prep_vma), as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.errno import EAGAIN, EFAULT, EINVAL, ENOMEM
from mremapcheck.executors.model.pipeline import PASS, Answer, check
from mremapcheck.linux.vm_flags import ACCOUNT, DONTEXPAND, HUGETLB, LOCKED, PFNMAP, SHARED


def lookup_vma(call: Call) -> Answer:
    """Find the mapping at old_address; up to 5.15 a no-op and a shrink never come here."""
    vma = call.mm.find(call.addr)
    if vma is None:
        return call.fail(EFAULT, "nothing is mapped at {:at}", call.addr)
    call.vma = vma
    return None


def check_vma(call: Call) -> Answer:
    """Ask whether the source mapping may be moved or resized so (vma_to_resize; check_prep_vma since 6.17)."""
    return check(call.mm.rules.check_vma, call)


def check_duplicate(call: Call) -> Answer:
    """Refuse to duplicate a private mapping: there is nothing to share (dba58d3b8c50, 4.14)."""
    if call.old_len == 0 and not call.vma.flags & SHARED:
        return call.fail(EINVAL, "{} is private: old_size 0 cannot duplicate it", call.vma)
    return None


def refuse_hugetlb(call: Call) -> Answer:
    """Refuse to move or grow hugetlbfs memory at all; the destination is gone by now."""
    if call.vma.flags & HUGETLB:
        return call.fail(EINVAL, "{} is hugetlbfs memory", call.vma)
    return None


def check_source_range(call: Call) -> Answer:
    """Refuse a source that ends behind its mapping, even where another one follows."""
    if call.old_len > call.vma.end - call.addr:
        return call.fail(EFAULT, "{} ends before the range does", call.vma)
    return None


def same_size(call: Call) -> Answer:
    """Be content where nothing grows: the checks that follow are about growth."""
    return PASS if call.new_len == call.old_len else None


def check_expandable(call: Call) -> Answer:
    """Refuse to grow what a driver laid out: VM_DONTEXPAND (aio, io_uring rings) and VM_PFNMAP (vvar)."""
    if call.vma.flags & (DONTEXPAND | PFNMAP):
        return call.fail(EFAULT, "{} must not grow", call.vma)
    return None


def check_memlock(call: Call) -> Answer:
    """Refuse to grow a locked mapping beyond RLIMIT_MEMLOCK."""
    if call.vma.flags & LOCKED and not call.mm.may_lock((call.new_len - call.old_len) >> PAGE_SHIFT):
        return call.fail(EAGAIN, "RLIMIT_MEMLOCK has no room for {:pages} more", call.new_len - call.old_len)
    return None


def check_address_space(call: Call) -> Answer:
    """Refuse to grow beyond RLIMIT_AS, and private writable memory beyond RLIMIT_DATA."""
    if not call.mm.may_expand(call.vma.flags, (call.new_len - call.old_len) >> PAGE_SHIFT):
        return call.fail(ENOMEM, "RLIMIT_AS or RLIMIT_DATA has no room for {:pages} more", call.new_len - call.old_len)
    return None


def charge_growth(call: Call) -> Answer:
    """Commit memory for what is added to an accounted mapping; given back where the call fails later."""
    if call.vma.flags & ACCOUNT:
        pages = (call.new_len - call.old_len) >> PAGE_SHIFT
        if not call.mm.charge(pages):
            return call.fail(ENOMEM, "there is no memory to commit for {} pages", pages)
        call.charged += pages
    return None
