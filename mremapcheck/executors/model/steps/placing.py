"""Where a mapping goes: making room at a fixed place, or asking get_unmapped_area() for one, as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE, U64
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.errno import EINVAL, ENOMEM, EPERM
from mremapcheck.executors.model.pipeline import Answer, run
from mremapcheck.executors.model.steps.unmapping import unmap
from mremapcheck.linux.vm_flags import HUGETLB
from mremapcheck.scenario.operations import MREMAP_FIXED, MREMAP_MAYMOVE


def unmap_destination(call: Call) -> Answer:
    """Unmap what is at a fixed destination. From here on a failing call has destroyed it."""
    if call.flags & MREMAP_FIXED:
        return unmap(call.mm, call.new_addr, call.new_len, call.early_events)
    return None


def cut_source(call: Call) -> Answer:
    """Unmap the tail that a shrinking move leaves behind. From here on a failing call has destroyed it."""
    if call.old_len > call.new_len:
        tail = (call.addr + call.new_len) & U64
        errno = unmap(call.mm, tail, call.old_len - call.new_len, call.late_events)
        if errno is not None:
            return errno
        call.old_len = call.new_len
    return None


def check_may_move(call: Call) -> Answer:
    """Refuse to grow by moving where MREMAP_MAYMOVE was not given."""
    if not call.flags & MREMAP_MAYMOVE:
        return call.fail(ENOMEM, "{} cannot grow where it is, and MAYMOVE is not given", call.vma)
    return None


def place(call: Call) -> Answer:
    """Ask for the place of the copy: new_address as it is (FIXED), as a hint (DONTUNMAP), or wherever it fits."""
    return run(call.mm.rules.place, call)


def choose_any_place(call: Call) -> Answer:
    """Forget new_address: a mapping that moves in order to grow goes where there is room."""
    call.new_addr = 0
    return None


def check_length(call: Call) -> Answer:
    """Refuse a length that no address space has (get_unmapped_area)."""
    if call.new_len > call.mm.space.end:
        return call.fail(ENOMEM, "no place is {:#x} bytes long", call.new_len)
    return None


def check_huge_place(call: Call) -> Answer:
    """Refuse a place for hugetlbfs memory that does not begin and end between huge pages."""
    if call.vma.flags & HUGETLB and (call.new_len % call.vma.backing.unit or call.new_addr % call.vma.backing.unit):
        return call.fail(EINVAL, "{} goes only where huge pages can", call.vma)
    return None


def take_or_choose(call: Call) -> Answer:
    """Take new_address with MREMAP_FIXED, or where it is a hint that is free; else choose, top-down.

    A hint below vm.mmap_min_addr is no hint to the generic search for a place; x86's own takes it, to be refused.
    """
    if call.flags & MREMAP_FIXED:
        return None
    hint, length = call.new_addr, call.new_len
    space = call.mm.space
    low = hint < space.lowest and not space.platform.takes_low_hints
    if hint and not low and hint <= space.end - length and call.mm.is_free_for_hint(hint, hint + length):
        return None
    chosen = call.mm.choose(length, call.vma.backing.unit)
    if chosen is None:
        return call.fail(ENOMEM, "no gap is long enough")
    call.new_addr = chosen
    return None


def check_place(call: Call) -> Answer:
    """Refuse a place that ends beyond the address space, or is not page aligned."""
    if call.new_addr > call.mm.space.end - call.new_len:
        return call.fail(ENOMEM, "the place ends beyond the user's address space")
    if call.new_addr % PAGE:
        return call.fail(EINVAL, "the place is not page aligned")
    return None


def check_lowest_address(call: Call) -> Answer:
    """Refuse a place below vm.mmap_min_addr to a process without CAP_SYS_RAWIO (security_mmap_addr)."""
    if not call.mm.may_map_at(call.new_addr):
        return call.fail(EPERM, "{:at} is below vm.mmap_min_addr", call.new_addr)
    return None
