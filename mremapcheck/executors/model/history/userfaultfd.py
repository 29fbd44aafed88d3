"""What can be registered with a userfaultfd, and unregistered; what mremap does with it is told release by release."""

from __future__ import annotations

from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.pipeline import Insert, Replace
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.linux.vm_flags import DROPPABLE, UFFD_MISSING, UFFD_WP


def can_register_anonymous_wp(vma: Vma, mode: int) -> bool:
    """userfaultfd knows write protection of anonymous memory, too (63b2d4174c4a, 5.7)."""
    return vma.backing.anonymous or (mode == UFFD_MISSING and vma.backing.placement in ("shmem", "hugetlb"))


def can_register_wp(vma: Vma, mode: int) -> bool:
    """userfaultfd knows write protection of shmem, too (b1f9e876862d, 5.19)."""
    return vma.backing.anonymous or vma.backing.placement in ("shmem", "hugetlb")


def not_droppable(vma: Vma, mode: int) -> bool:
    """userfaultfd refuses MAP_DROPPABLE mappings (6.17); a check that was there since 6.11 never matched."""
    return not vma.flags & DROPPABLE


def registered_with_it(vma: Vma, uffd: Uffd | None) -> bool:
    """Memory is unregistered through the userfaultfd it was registered with (23ec90eb122f, 6.17)."""
    return vma.uffd is None or vma.uffd is uffd


def keeps_write_protection(vma: Vma, mode: int) -> bool:
    """Registering again must not give up write protection, whose markers are in the page tables (7.3)."""
    return not vma.flags & UFFD_WP or mode == UFFD_WP


CHANGES = (
    Change(
        id="uffd-wp",
        commit="63b2d4174c4a",
        subject="userfaultfd: wp: add the writeprotect API to userfaultfd ioctl",
        release=release("5.7-rc1"),
        summary="userfaultfd can write-protect anonymous memory",
        noticed_by="whoever registers for write protection",
        edits=(Replace("registrable", "can_register", can_register_anonymous_wp),),
        provides=("uffd-wp",),
        evidence="""
            commit cited: by fixes: "Fixes: 63b2d4174c4a ..."
            release manual: userfaultfd(2): since Linux 5.7
            release measured: has 5.10.218 (uffd-write-protected-first)
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
