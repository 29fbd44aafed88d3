"""7.1: the map count is checked once for every call; aio contexts are no longer inherited, nor moved in part.

Droppable memory is no longer locked as it is mapped.
"""

from __future__ import annotations

from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import ENOMEM
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace
from mremapcheck.linux.vm_flags import DROPPABLE


def check_map_count_of_call(call: Call) -> Answer:
    """Refuse any call, even a no-op, while fewer than 4 map slots are free (0289955fc548, 7.1).

    It comes before the lookup: musl's probe of its stack, which waits for EFAULT, no longer ends near the limit.
    """
    if len(call.mm.vmas) + 4 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 4 map slots are free")
    return None


def check_map_count(call: Call) -> Answer:
    """Refuse with fewer than 2 free map slots; destination and tail are gone by now (0289955fc548, 7.1)."""
    if len(call.mm.vmas) + 2 > call.mm.max_map_count:
        return call.fail(ENOMEM, "fewer than 2 map slots are free")
    return None


def is_droppable(flags: int) -> bool:
    """MAP_DROPPABLE memory is not locked as it is mapped either (d239462787b0, 7.1); mlock() never locked it."""
    return bool(flags & DROPPABLE)


CHANGES = (
    Change(
        id="map-count-of-every-call",
        commit="0289955fc548",
        subject="mm/mremap: check map count under mmap write lock and abstract",
        release=release("7.1-rc1"),
        summary=(
            "every call, even a no-op or one that would be EFAULT, is ENOMEM while fewer than 4 map slots are free; a "
            "FIXED move needs 4, no longer 6"
        ),
        noticed_by="musl's stack probe, which never ends; allocators with many mappings",
        edits=(
            Remove("mremap", "check_map_count_early"),
            Insert("mremap", check_map_count_of_call, before=("move_each_vma", "lookup_vma", "move_to_new_address")),
            Replace("move_vma", "check_map_count", check_map_count),
        ),
        needs=("parameters-first",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in four of them together with
                d239462787b0, which stable mails call upstream
            release listed: the same logs: the merge window of 7.1
            release measured: lacks 7.0.13, has 7.1.3 (map-count-dontunmap)
        """,
    ),
    Change(
        id="droppable-unlockable",
        commit="d239462787b0",
        subject="mm: prevent droppable mappings from being locked",
        release=release("7.1-rc1"),
        stable=updates("6.12.86", "6.18.27", "7.0.4"),
        summary="what is mapped with MAP_DROPPABLE after mlockall(MCL_FUTURE) is not locked, and does not count",
        noticed_by="programs that lock all their memory, where libc's random numbers have a page of their own",
        edits=(Insert("unlockable", is_droppable),),
        needs=("droppable",),
        evidence="""
            commit cited: by stable reviews: "[ Upstream commit d239462787b0... ]"
            release listed: in linux-next of 16 April 2026, with what the merge window of 7.1 took
            release measured: lacks 6.19.14, has 7.1.13 (droppable-is-never-locked)
            6.12.86 changelog
            6.12.86 reviewed: "[PATCH 6.12 204/215]" of 4 May 2026
            6.18.27 announced: "I'm announcing the release of the 6.18.27 kernel", 7 May 2026
            6.18.27 measured: lacks 6.18.15, has 6.18.56-alpine (droppable-is-never-locked)
            7.0.4 listed: in the log of a push that ends with "Linux 7.0.4"
        """,
    ),
    Change(
        id="aio-not-inherited",
        commit="c03ce4173c7b",
        subject="fs: aio: set VMA_DONTCOPY_BIT in mmap to fix NULL-pointer-dereference error",
        release=release("7.1-rc1"),
        summary="an AIO ring is VM_DONTCOPY: a forked child does not have it",
        noticed_by="readers of smaps; children that touched their parent's ring",
        provides=("aio-not-inherited",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the fixes of April 2026 that stable queues looked at on 28 April, two days after
                7.1-rc1; no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it
            release measured: lacks 7.0.13, has 7.1.3 (aio-ring-growth)
        """,
    ),
    Change(
        id="aio-moves-whole",
        commit="3adf7ae18bf4",
        subject="fs: aio: reject partial mremap to avoid Null-pointer-dereference error",
        release=release("7.1-rc1"),
        summary="moving a part of an AIO ring, or the ring while it shrinks, is EINVAL: its driver takes it whole only",
        noticed_by="whoever moved rings in parts, and crashed the kernel when it touched what was left behind",
        provides=("aio-moves-whole",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: beside c03ce4173c7b; no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it
            release measured: lacks 7.0.13, has 7.1.3 (aio-ring-in-parts)
        """,
    ),
    Change(
        id="vvar-of-pages",
        commit="05988dba1179",
        subject="vdso/datastore: Allocate data pages dynamically",
        release=release("7.1-rc1"),
        summary="the vvar is VM_MIXEDMAP, no longer VM_PFNMAP",
        noticed_by="readers of smaps; CRIU",
        provides=("vvar-of-pages",),
        evidence="""
            commit cited: by mails on powerpc: "the generic vDSO datastore rework in commit 05988dba1179"
            release sources: recorded 7.0.13 lacks it (though a mail says v7.0), 7.1.13 has it; a commit of the merge
                window
            release measured: lacks 7.0.13, has 7.1.3 (criu-moves-vvar-then-vdso)
        """,
    ),
)
