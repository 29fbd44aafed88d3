"""7.1: the map count is checked once for every call; aio contexts are no longer inherited, nor moved in part."""

from __future__ import annotations

from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.errno import ENOMEM
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove, Replace


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
