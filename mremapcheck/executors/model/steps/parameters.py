"""The checks of mremap's parameters that come before anything is looked up or changed, as of 5.4."""

from __future__ import annotations

from mremapcheck.base.units import PAGE, U64, page_align
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.errno import EINVAL, ENOMEM
from mremapcheck.executors.model.pipeline import Answer, run
from mremapcheck.scenario.operations import MREMAP_FIXED, MREMAP_MAYMOVE


def check_flags(call: Call) -> Answer:
    """Refuse unknown flags; MREMAP_DONTUNMAP (4) is one until 5.7."""
    if call.flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED):
        return call.fail(EINVAL, "flags {:#x} are not all known", call.flags)
    return None


def check_fixed_may_move(call: Call) -> Answer:
    """Refuse MREMAP_FIXED without MREMAP_MAYMOVE."""
    if call.flags & MREMAP_FIXED and not call.flags & MREMAP_MAYMOVE:
        return call.fail(EINVAL, "FIXED without MAYMOVE")
    return None


def check_old_address(call: Call) -> Answer:
    """Refuse an old_address that is not page aligned."""
    if call.addr % PAGE:
        return call.fail(EINVAL, "old_address {:at} is not page aligned", call.addr)
    return None


def round_sizes(call: Call) -> Answer:
    """Round both sizes up to whole pages, modulo 2^64: above 2^64-4096 they become 0."""
    call.old_len = call.event_len = page_align(call.old_len)
    call.new_len = page_align(call.new_len)
    return None


def check_new_size(call: Call) -> Answer:
    """Refuse a new_size that rounds to nothing; an old_size of 0 asks for a duplicate."""
    if call.new_len == 0:
        return call.fail(EINVAL, "new_size is 0 pages")
    return None


def move_to_new_address(call: Call) -> Answer:
    """Go another way where new_address counts: with MREMAP_FIXED and (5.7) MREMAP_DONTUNMAP (mremap_to)."""
    if call.has_destination:
        return run(call.mm.rules.mremap_to, call)
    return None


def resize_or_move(call: Call) -> Answer:
    """Shrink or grow where it is, or move to where the kernel likes (mremap_at)."""
    return run(call.mm.rules.mremap_at, call)


def check_new_address(call: Call) -> Answer:
    """Refuse a new_address that is not page aligned, also where MREMAP_DONTUNMAP takes it as a hint only."""
    if call.has_destination and call.new_addr % PAGE:
        return call.fail(EINVAL, "new_address {:at} is not page aligned", call.new_addr)
    return None


def check_new_range(call: Call) -> Answer:
    """Refuse a destination beyond the user's address space."""
    if call.has_destination and not call.mm.has_place(call.new_addr, call.new_len):
        return call.fail(EINVAL, "the destination ends beyond the user's address space")
    return None


def check_overlap(call: Call) -> Answer:
    """Refuse overlapping ranges. With old_size 0 the same address passes, and the source is then unmapped."""
    if (
        call.has_destination
        and (call.addr + call.old_len) & U64 > call.new_addr
        and call.new_addr + call.new_len > call.addr
    ):
        return call.fail(EINVAL, "source and destination overlap")
    return None


def check_map_count_early(call: Call) -> Answer:
    """Refuse while nothing is unmapped yet if move_vma would find too few map slots (ea2c3f6f5545, 5.1).

    Whoever moves many mappings near vm.max_map_count needs 6 free slots here, 4 for the move itself.
    """
    if call.has_destination and len(call.mm.vmas) + 2 >= call.mm.max_map_count - 3:
        return call.fail(ENOMEM, "fewer than 6 map slots are free")
    return None
