"""7.3 and 7.4: private pages of files are numbered of their own, and what is registered or special stays apart."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pipeline import Answer, Insert, Remove
from mremapcheck.executors.model.vma import File, Vma
from mremapcheck.linux.vm_flags import SHARED, UFFD


def contiguous_anon_pages(new: Vma, vma: Vma, before: bool) -> str | None:
    """Private file mappings must also go on in the numbers of their private pages (6a993c7fbc3e, 7.3).

    One that was moved after a write no longer merges with a neighbour that continues its file.
    """
    if new.file is None or new.flags & SHARED:
        return None
    if before:
        fits = vma.anon_pgoff + ((vma.end - vma.start) >> PAGE_SHIFT) == new.anon_pgoff
    else:
        fits = new.anon_pgoff + ((new.end - new.start) >> PAGE_SHIFT) == vma.anon_pgoff
    return None if fits else "the numbers of their private pages do not go on"


def anon_pages_go_on(lower: Vma, upper: Vma) -> bool:
    """Neighbours share an anon_vma only where the numbers of their private pages go on (6a993c7fbc3e, 7.3)."""
    return lower.anon_pgoff + ((lower.end - lower.start) >> PAGE_SHIFT) == upper.anon_pgoff


def keep_registered_apart(call: Call) -> Answer:
    """Let the copy of memory whose userfaultfd wants no remap events merge with nothing (7.3.4).

    It loses its registration; a neighbour that it would have merged with keeps its own.
    """
    if call.copy.flags & UFFD and call.copy.uffd is not None and not call.copy.uffd.events:
        call.prev = call.following = None
    return None


def secret_within_limit(mm: Mm, file: File) -> bool:
    """Count the pages that secret memory gets, per user: beyond RLIMIT_MEMLOCK an access is SIGBUS (97d34aa65c29).

    CAP_IPC_LOCK does not help. A page stays counted until its file is closed, mapped or not. Until then each mapping
    was locked, so that a duplicate counted twice and untouched memory counted, too.
    """
    return file.backing.name != "secret" or mm.secret < mm.memlock_limit


CHANGES = (
    Change(
        id="anon-page-numbers",
        commit="6a993c7fbc3e",
        subject="mm: propagate VMA anonymous page offset on map, remap, split + merge",
        release=release("7.3-rc1"),
        summary="a private file mapping moved after a write does not merge with a neighbour that continues its file",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(
            Insert("mergeable", contiguous_anon_pages, after="contiguous"),
            Insert("share_anon_vma", anon_pages_go_on),
        ),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in eight of them at its place in the
                series
            release sources: packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window
            release measured: lacks 7.2.13, has 7.3-rc7 (private-file-halves)
        """,
    ),
    Change(
        id="shrink-charges-right",
        commit="",
        subject="mm/mremap: populate calculated fields in vrm state correctly",
        release=release("7.4-rc1"),
        stable=updates("7.3.4"),
        summary="shrinking moves no longer commit what they cut off",
        noticed_by="whoever watches Committed_AS",
        edits=(Remove("move_vma", "overcharge_shrink"),),
        needs=("shrink-overcharges",),
        evidence="""
            commit inferred: no log, mail or queue that is stored lists the subject (they end in October 2026); it is
                7.3.4's in the changelog of the distribution's package
            release inferred: packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates
                after 7.3
            release measured: lacks 7.2.13 (shrinking-move-leaks-its-tail)
            7.3.4 changelog
            7.3.4 measured: has 7.3.4 (shrinking-move-leaks-its-tail)
        """,
    ),
    Change(
        id="uffd-copy-stays-apart",
        commit="",
        subject="mm/vma: avoid broken uffd merge on mremap",
        release=release("7.4-rc1"),
        stable=updates("6.12.118", "7.3.4"),
        summary="moving registered memory next to memory of the same userfaultfd does not merge and unregister both",
        noticed_by="userfaultfd monitors without remap events",
        edits=(Insert("copy_vma", keep_registered_apart, before="merge_copy"),),
        evidence="""
            commit inferred: no log, mail or queue that is stored lists the subject (they end in October 2026); it is
                6.12.118's and 7.3.4's in the changelogs of the distribution's packages
            release inferred: packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates
                after 7.3
            release measured: lacks 7.3-rc7 (uffd-merges-then-disarms)
            6.12.118 changelog
            6.12.118 measured: lacks 6.12.107, has 6.12.118 (uffd-merges-then-disarms)
            7.3.4 changelog
            7.3.4 measured: lacks 7.3-rc7, has 7.3.4 (uffd-merges-then-disarms)
        """,
    ),
    Change(
        id="secret-unlocked",
        commit="97d34aa65c29",
        subject="mm/secretmem: properly account locked pages",
        release=release("7.3-rc2"),
        stable=updates("6.1.191", "6.6.159", "6.12.113", "6.18.53", "7.2.5"),
        summary="memory of memfd_secret is neither VM_LOCKED nor part of VmLck",
        noticed_by="users of memfd_secret with a small RLIMIT_MEMLOCK",
        edits=(Insert("fillable", secret_within_limit),),
        provides=("secret-unlocked",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, beside 35b0fb391b0d
            release listed: before the merges of 7.3-rc2; packaged sources of 7.3-rc7 have it
            release measured: lacks 7.1.13, has 7.3-rc7 (secret-by-default)
            6.1.191 changelog
            6.1.191 measured: lacks 6.1.176, has 6.1.192 (secret-by-default)
            6.6.159 queued: the log of the push that ends with "Linux 6.6.159-rc1" lists it
            6.6.159 measured: lacks 6.6.9 (secret-by-default)
            6.12.113 changelog
            6.12.113 measured: lacks 6.12.107, has 6.12.118 (secret-by-default)
            6.18.53 inferred: the logs of the pushes of 6.18.50, .51, .54, .55 and of 6.18.56-rc1 do not list it: it
                came with .52 or .53, whose logs were looked for and not found
            6.18.53 measured: lacks 6.18.38-alpine, has 6.18.56-alpine (secret-by-default)
            7.2.5 listed: in the log of the push that ends with "Linux 7.2.5"
            7.2.5 measured: has 7.2.6 (secret-by-default)
        """,
    ),
    Change(
        id="vvar-is-memory",
        commit="c27e727c9a60",
        subject="vdso/datastore: Allow prefaulting by mlockall()",
        release=release("7.3-rc1"),
        summary="the vvar is not VM_IO",
        noticed_by="readers of smaps; core dumps of the vvar",
        needs=("vvar-of-pages",),
        provides=("vvar-is-memory",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in seven of them at its place in the
                series
            release sources: packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window
            release measured: lacks 7.2.13, has 7.3-rc7 (criu-moves-vvar-then-vdso)
        """,
    ),
)
