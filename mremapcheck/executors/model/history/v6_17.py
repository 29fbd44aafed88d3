"""6.17: nothing is unmapped before everything that can be was checked (see also ``multi_move``)."""

from __future__ import annotations

from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.errno import EFAULT, EINVAL
from mremapcheck.executors.model.pipeline import PASS, Answer, Insert, Move, Remove, Replace
from mremapcheck.executors.model.steps import checks
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_MAYMOVE

# Parameters.


def check_dontunmap(call: Call) -> Answer:
    """Refuse MREMAP_DONTUNMAP with sizes that differ in pages; bytes do not matter (3215eaceca87, 6.17)."""
    if call.flags & MREMAP_DONTUNMAP:
        if not call.flags & MREMAP_MAYMOVE:
            return call.fail(EINVAL, "DONTUNMAP without MAYMOVE")
        if call.old_len != call.new_len:
            return call.fail(EINVAL, "DONTUNMAP does not resize: the sizes differ")
    return None


def check_size_limit(call: Call) -> Answer:
    """Refuse a new_size that no address space has; ENOMEM until then (3215eaceca87, 6.17)."""
    if call.new_len > call.mm.space.end:
        return call.fail(EINVAL, "new_size is larger than the user's address space")
    return None


def check_unused_address(call: Call) -> Answer:
    """Refuse a new_address beyond the address space even where it is not used (3215eaceca87, 6.17-rc1 to rc5).

    bionic passes garbage there when it only resizes.
    """
    if not call.mm.has_place(call.new_addr, call.new_len):
        return call.fail(EINVAL, "new_address {:#x} is beyond the address space, used or not", call.new_addr)
    return None


# The source mapping, before anything is unmapped.


def check_maps_new(call: Call) -> Answer:
    """Be content where nothing new is mapped: no growth, no move (a85dc37186a5, 6.17)."""
    if call.new_len > call.old_len or call.has_destination:
        return None
    return PASS


def check_kept_range(call: Call) -> Answer:
    """Refuse a source whose kept part ends behind its mapping; what a shrink cuts off may (a85dc37186a5, 6.17)."""
    if min(call.old_len, call.new_len) > call.vma.end - call.addr:
        return call.fail(EFAULT, "{} ends before the range does", call.vma)
    return None


def not_growing(call: Call) -> Answer:
    """Be content where nothing grows: the checks that follow are about growth (a85dc37186a5, 6.17)."""
    return PASS if call.new_len <= call.old_len else None


CHANGES = (
    Change(
        id="size-limit",
        commit="3215eaceca87",
        subject="mm/mremap: refactor initial parameter sanity checks",
        release=release("6.17-rc1"),
        summary="a new_size beyond the address space is EINVAL, no longer ENOMEM",
        noticed_by="conformance tests",
        edits=(Insert("mremap", check_size_limit, after="check_new_size"),),
        evidence="""
            commit cited: by 78d2d32f0b78: "Fixes: 3215eaceca87"
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12, has 6.17.8 (larger-than-user-space)
        """,
    ),
    Change(
        id="unused-address-checked",
        commit="3215eaceca87",
        subject="mm/mremap: refactor initial parameter sanity checks",
        release=release("6.17-rc1"),
        summary="garbage in the unused fifth argument is EINVAL",
        noticed_by="Android (bionic)",
        edits=(Insert("mremap", check_unused_address, after=("check_size_limit", "check_new_size")),),
        evidence="""
            commit cited: by 78d2d32f0b78: "Fixes: 3215eaceca87"
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12 (destination-in-kernel-space)
        """,
    ),
    Change(
        id="range-checks-first",
        commit="3215eaceca87",
        subject="mm/mremap: refactor initial parameter sanity checks",
        release=release("6.17-rc1"),
        summary="overlap and a destination beyond the address space are EINVAL before old_address is looked up",
        noticed_by="conformance tests with two errors in one call",
        edits=(
            Move(
                "mremap_to",
                "check_new_range",
                to="mremap",
                before="check_new_address",
                after=("check_unused_address", "check_new_size"),
            ),
            Move("mremap_to", "check_overlap", to="mremap", after=("check_dontunmap", "check_fixed_may_move")),
        ),
        evidence="""
            commit cited: by 78d2d32f0b78: "Fixes: 3215eaceca87"
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12, has 6.17.8 (destination-in-kernel-space)
        """,
    ),
    Change(
        id="dontunmap-rounds",
        commit="3215eaceca87",
        subject="mm/mremap: refactor initial parameter sanity checks",
        release=release("6.17-rc1"),
        summary="DONTUNMAP accepts sizes that differ within a page",
        noticed_by="rr's mremap_non_page_size test",
        edits=(Replace("mremap", "check_dontunmap", check_dontunmap),),
        needs=("dontunmap", "parameters-first"),
        evidence="""
            commit cited: by 78d2d32f0b78: "Fixes: 3215eaceca87"
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12, has 6.17.8 (dontunmap-compares-pages)
        """,
    ),
    Change(
        id="checks-before-unmapping",
        commit="a85dc37186a5",
        subject="mm/mremap: check remap conditions earlier",
        release=release("6.17-rc1"),
        summary=(
            "what the source mapping forbids (crossing its end, RLIMITs, growth of driver memory, private duplicates) "
            "is found before the destination and the tail are unmapped; a growing FIXED move no longer profits from "
            "the room that its destination gives back"
        ),
        noticed_by="gVisor, allocators, whoever lost a mapping to a failing call",
        edits=(
            Insert("mremap", checks.check_vma, before="move_to_new_address"),
            Remove("mremap_to", "check_vma"),
            Remove("mremap_at", "lookup_vma"),
            Remove("mremap_at", "check_vma"),
            Insert("check_vma", check_maps_new, before="check_duplicate"),
            Replace("check_vma", "check_source_range", check_kept_range),
            Replace("check_vma", "same_size", not_growing),
        ),
        needs=("lookup-first", "charge-at-move"),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: with the whole series, in the merge window of 6.17
            release measured: lacks 6.16.12, has 6.17.8 (aio-ring-growth)
        """,
    ),
    Change(
        id="unused-address-fix",
        commit="78d2d32f0b78",
        subject="mm/mremap: fix regression in vrm->new_addr check",
        release=release("6.17-rc6"),
        summary="the fifth argument does not matter again where it is not used",
        noticed_by="Android (bionic)",
        edits=(Remove("mremap", "check_unused_address"),),
        needs=("unused-address-checked",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the hotfixes that ended in 6.17-rc6
            release measured: has 6.17.8 (garbage-fifth-argument)
        """,
    ),
)
