"""What can be registered with a userfaultfd, and the bits of page table entries that tell of writing.

What mremap does with a registration is told release by release.
"""

from __future__ import annotations

from mremapcheck.executors.model.change import Change, release, updates
from mremapcheck.executors.model.errno import ENOENT
from mremapcheck.executors.model.pipeline import Insert, Replace
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.linux.vm_flags import DROPPABLE, UFFD_MINOR, UFFD_WP


def can_register_anonymous_wp(vma: Vma, mode: int) -> bool:
    """userfaultfd knows write protection of anonymous memory, too (63b2d4174c4a, 5.7)."""
    return vma.backing.anonymous or (mode != UFFD_WP and vma.backing.placement in ("shmem", "hugetlb"))


def can_register_wp(vma: Vma, mode: int) -> bool:
    """userfaultfd knows write protection of shmem, too (b1f9e876862d, 5.19)."""
    return vma.backing.anonymous or vma.backing.placement in ("shmem", "hugetlb")


def minor_of_files(vma: Vma, mode: int) -> bool:
    """Minor faults are those of pages that a file has: shmem's and hugetlbfs's (c949b097ef2e, 5.14)."""
    return mode != UFFD_MINOR or vma.backing.placement in ("shmem", "hugetlb")


def not_droppable(vma: Vma, mode: int) -> bool:
    """userfaultfd refuses MAP_DROPPABLE mappings (6.17); a check that was there since 6.11 never matched."""
    return not vma.flags & DROPPABLE


def registered_with_it(vma: Vma, uffd: Uffd | None) -> bool:
    """Memory is unregistered through the userfaultfd it was registered with (23ec90eb122f, 6.17)."""
    return vma.uffd is None or vma.uffd is uffd


def keeps_write_protection(vma: Vma, mode: int) -> bool:
    """Registering again must not give up write protection, whose markers are in the page tables (7.3)."""
    return not vma.flags & UFFD_WP or mode == UFFD_WP


def one_mapping(found: list[Vma], start: int, end: int) -> str | None:
    """UFFDIO_WRITEPROTECT takes a range of one mapping only (63b2d4174c4a, 5.7)."""
    fits = len(found) == 1 and found[0].start <= start and end <= found[0].end
    return None if fits else ENOENT


def several_mappings(found: list[Vma], start: int, end: int) -> str | None:
    """UFFDIO_WRITEPROTECT takes a range of several mappings, with holes between them (a1b92a3f14ac, 6.4)."""
    return None


def stays_registered(vma: Vma) -> bool:
    """Pages that move away from a userfaultfd without remap events are protected no more (0cef0bb836e3, 6.13)."""
    return vma.uffd is None or vma.uffd.events


CHANGES = (
    Change(
        id="uffd-wp",
        commit="63b2d4174c4a",
        subject="userfaultfd: wp: add the writeprotect API to userfaultfd ioctl",
        release=release("5.7-rc1"),
        summary="userfaultfd can write-protect anonymous memory",
        noticed_by="whoever registers for write protection",
        edits=(Replace("registrable", "can_register", can_register_anonymous_wp), Insert("write_protect", one_mapping)),
        provides=("uffd-wp",),
        evidence="""
            commit cited: by fixes: "Fixes: 63b2d4174c4a ..."
            release manual: userfaultfd(2): since Linux 5.7
            release measured: has 5.10.218 (uffd-write-protected-first)
        """,
    ),
    Change(
        id="uffd-minor",
        commit="c949b097ef2e",
        subject="userfaultfd/shmem: support minor fault registration for shmem",
        release=release("5.14-rc1"),
        summary="userfaultfd can be asked for pages that a file in memory has and the page tables lack",
        noticed_by="whoever registers for minor faults",
        edits=(Insert("registrable", minor_of_files),),
        provides=("uffd-minor",),
        evidence="""
            commit cited: by fixes: "Fixes: c949b097ef2e ..."
            release manual: ioctl_userfaultfd(2): UFFD_FEATURE_MINOR_SHMEM, since Linux 5.14
        """,
    ),
    Change(
        id="pagemap-uffd-wp",
        commit="fb8e37f35a2f",
        subject="mm/pagemap: export uffd-wp protection information",
        release=release("5.14-rc1"),
        summary="/proc/PID/pagemap tells which pages a userfaultfd write-protects",
        noticed_by="whoever looks at bit 57",
        needs=("uffd-wp",),
        provides=("pagemap-uffd-wp",),
        evidence="""
            commit cited: by fixes: "Fixes: fb8e37f35a2fe1 ..."
            release listed: among the memory management commits of June 2021, the merge window of 5.14
            release measured: lacks 5.10.262, has 6.1.192 (write-protection-moves-with-events)
        """,
    ),
    Change(
        id="unregister-unprotects",
        commit="f369b07c8614",
        subject="mm/uffd: reset write protection when unregister with wp-mode",
        release=release("6.0-rc3"),
        summary="pages that are no longer registered with a userfaultfd are no longer write-protected",
        noticed_by="whoever registers them again",
        needs=("uffd-wp",),
        provides=("unregister-unprotects",),
        evidence="""
            commit cited: by a patch of QEMU that tells of kernels before and after it
            release listed: among the memory management fixes of August 2022, sent for 6.0-rc3
            release measured: has 6.1.192 (write-protection-ends-with-registration)
        """,
    ),
    Change(
        id="writeprotect-several",
        commit="a1b92a3f14ac",
        subject="mm/userfaultfd: support WP on multiple VMAs",
        release=release("6.4-rc1"),
        summary="UFFDIO_WRITEPROTECT takes ranges of several mappings",
        noticed_by="set-up of scenarios only",
        edits=(Replace("write_protect", "one_mapping", several_mappings),),
        needs=("uffd-wp",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management commits of April 2023, the merge window of 6.4
        """,
    ),
    Change(
        id="move-unprotects",
        commit="0cef0bb836e3",
        subject="mm: clear uffd-wp PTE/PMD state on mremap()",
        release=release("6.13-rc7"),
        stable=updates("6.1.192", "6.12.11"),
        summary="pages that move away from a userfaultfd without remap events are no longer write-protected",
        noticed_by="whoever registers them again, or looks at bit 57 of /proc/PID/pagemap",
        edits=(Insert("keeps_protection", stays_registered),),
        needs=("uffd-wp",),
        evidence="""
            commit cited: by fixes: "Fixes: 0cef0bb836e ..."
            release listed: among the memory management fixes of January 2025, sent for 6.13-rc7
            6.1.192 inferred: a distribution's kernel has it; earlier updates were not looked at
            6.12.11 cited: by the advisory for CVE-2025-21696: from 5.7 on, before 6.12.11
        """,
    ),
    Change(
        id="uffd-wp-shmem",
        commit="b1f9e876862d",
        subject="mm/uffd: enable write protection for shmem & hugetlbfs",
        release=release("5.19-rc1"),
        summary="userfaultfd can write-protect shared memory",
        noticed_by="set-up of scenarios only",
        edits=(Replace("registrable", "can_register", can_register_wp),),
        needs=("uffd-wp",),
        provides=("uffd-wp-shmem",),
        evidence="""
            commit cited: by fixes: "Fixes: b1f9e876862d ..."
            release listed: among the memory management commits of May 2022, the merge window of 5.19
            release measured: has 6.1.176 (uffd-wp-shmem)
        """,
    ),
    Change(
        id="soft-dirty-merges",
        commit="6707915e030a",
        subject="mm: propagate VM_SOFTDIRTY on merge",
        release=release("6.19-rc1"),
        stable=updates("6.18.37"),
        summary="what merges with a mapping made since the soft-dirty bits were cleared counts as written, too",
        noticed_by="CRIU's incremental dumps, which missed pages that were written",
        provides=("soft-dirty-merges",),
        evidence="""
            commit cited: by a mail that backports it to 6.18.y
            release listed: among the memory management commits of December 2025, the merge window of 6.19
            release measured: lacks 6.18.15, has 6.19.14 (soft-dirty-merges)
            6.18.37 reviewed: patch 40 of the review of 6.18.37-rc1
        """,
    ),
    Change(
        id="register-merges",
        commit="5543d3c43c41",
        subject="mm/uffd: allow vma to merge as much as possible",
        release=release("6.4-rc7"),
        summary="registering the end of a mapping with a userfaultfd merges it with what is registered behind it",
        noticed_by="whoever counts lines of /proc/PID/maps",
        edits=(Replace("register_offset", "first_page_offset", Vma.pgoff_at),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, beside 270aa0106206
            release listed: among the hotfixes that ended in 6.4-rc7
            release measured: lacks 6.1.192, has 6.6.9 (register-merges)
        """,
    ),
    Change(
        id="droppable-unregistrable",
        commit="7208cc6497c2",
        subject="userfaultfd: correctly prevent registering VM_DROPPABLE regions",
        release=release("6.17-rc1"),
        summary="a MAP_DROPPABLE mapping cannot be registered with a userfaultfd",
        noticed_by="set-up of scenarios only",
        edits=(Insert("registrable", not_droppable),),
        needs=("droppable",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in six of them between the same
                neighbours
            release listed: in one log with 3215eaceca87: the merge window of 6.17
        """,
    ),
    Change(
        id="unregister-own-only",
        commit="23ec90eb122f",
        subject="userfaultfd: prevent unregistering VMAs through a different userfaultfd",
        release=release("6.17-rc1"),
        summary="memory of one userfaultfd cannot be unregistered through another one",
        noticed_by="set-up of scenarios only",
        edits=(Insert("unregistrable", registered_with_it),),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees, in six of them between the same
                neighbours
            release listed: in one log with 3215eaceca87: the merge window of 6.17
        """,
    ),
    Change(
        id="register-keeps-wp",
        commit="6eab8f2cc646",
        subject="userfaultfd: add UFFDIO_REGISTER_MODE_RWP and UFFDIO_RWPROTECT plumbing",
        release=release("7.3-rc1"),
        summary="registering write-protected memory again without write protection is EBUSY",
        noticed_by="set-up of scenarios only",
        edits=(Insert("reregistrable", keeps_write_protection),),
        needs=("uffd-wp",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: in the log of the push that ends with the merge of "mm-stable-2026-08-18-18-39", the merge
                window of 7.3
        """,
    ),
)
