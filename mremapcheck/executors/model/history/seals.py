"""What can be mapped of a sealed memfd, and what counts as a mapping that may write to one."""

from __future__ import annotations

from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.pipeline import Insert, Replace
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import READONLY


def can_become_writable(vma: Vma) -> bool:
    """A mapping writes to its file only if mprotect(2) can make it writable (VM_MAYWRITE; e8e17ee90eaf, 6.7)."""
    return not vma.flags & READONLY


CHANGES = (
    Change(
        id="write-sealed-shared",
        commit="e8e17ee90eaf",
        subject="mm: drop the assumption that VM_SHARED always implies writable",
        release=release("6.7-rc1"),
        stable=updates("5.4.297", "5.10.241", "5.15.190", "6.1.149", "6.6.103"),
        summary=(
            "a memfd sealed against writing can be mapped shared and read-only, and mappings that can never be "
            "written to stop nobody from sealing it; madvise(REMOVE) works where mprotect took the permission to write"
        ),
        noticed_by="whoever hands out sealed memfds, as Wayland compositors and Android do",
        edits=(Insert("writers", can_become_writable), Replace("punchable", "is_writable", can_become_writable)),
        provides=("write-sealed-shared",),
        evidence="""
            commit cited: by the mails that backport it to 5.4.y, 5.10.y, 5.15.y, 6.1.y and 6.6.y
            release inferred: version 4 of the series is of October 2023, so the merge window of 6.7
            release measured: has 6.16.12 (write-sealed-memfd)
            5.4.297 inferred: the series was sent for all these at the same time
            5.10.241 reviewed: the review of 5.10.241-rc1
            5.10.241 measured: has 5.10.262 (write-sealed-memfd)
            5.15.190 inferred: the series was sent for all these at the same time
            6.1.149 inferred: the series was sent for all these at the same time
            6.1.149 measured: has 6.1.192 (write-sealed-memfd)
            6.6.103 inferred: the series was sent for all these at the same time
        """,
    ),
    Change(
        id="write-sealed-refused",
        commit="5de195060b2e",
        subject="mm: resolve faulty mmap_region() error path behaviour",
        release=release("6.12"),
        summary="a memfd sealed against writing can again not be mapped shared, not even read-only",
        noticed_by="whoever hands out sealed memfds",
        needs=("write-sealed-shared",),
        provides=("write-sealed-refused",),
        evidence="""
            commit cited: by 8ec396d05d1b, which takes this effect of it back, and by the advisory for CVE-2024-53096
            release inferred: the advisory has updates of November 2024, the month of 6.12
        """,
    ),
    Change(
        id="write-sealed-checked-first",
        commit="8ec396d05d1b",
        subject="mm: reinstate ability to map write-sealed memfd mappings read-only",
        release=release("6.13-rc6"),
        stable=updates("5.4.297", "5.10.241", "5.15.190", "6.1.149", "6.6.103", "6.12.9"),
        summary=(
            "a memfd sealed against writing can be mapped shared and read-only again; a mapping that its seals forbid "
            "is refused before anything is unmapped for it"
        ),
        noticed_by="whoever hands out sealed memfds",
        needs=("write-sealed-shared",),
        provides=("write-sealed-checked-first",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management fixes of the turn of the year 2025, sent for 6.13-rc6
            release measured: has 6.16.12 (write-sealed-memfd)
            5.4.297 inferred: part of the series that brings e8e17ee90eaf to 5.4.y
            5.10.241 inferred: part of the series that brings e8e17ee90eaf to 5.10.y
            5.15.190 inferred: part of the series that brings e8e17ee90eaf to 5.15.y
            6.1.149 listed: right behind e8e17ee90eaf, in the log of a push to a stable tree
            6.6.103 inferred: part of the series that brings e8e17ee90eaf to 6.6.y
            6.12.9 reviewed: patch 152 of the review of 6.12.9-rc1
            6.12.9 measured: has 6.12.118 (write-sealed-memfd)
        """,
    ),
)
