"""Registering memory with a userfaultfd, and unregistering it."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.errno import EBUSY, EINVAL, ENOENT, EPERM
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.faults import MARKERS
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pages import GUARD
from mremapcheck.executors.model.process import SimulatedProcess, change_part
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.linux.vm_flags import HUGETLB, READONLY, SPECIAL, UFFD, UFFD_MINOR, UFFD_MISSING, UFFD_WP
from mremapcheck.scenario.operations import UffdRegister, UffdUnregister, UffdWriteprotect

_MODES = {"missing": UFFD_MISSING, "wp": UFFD_WP, "minor": UFFD_MINOR}


def uffd_register(process: SimulatedProcess, op: UffdRegister) -> None:
    """Register with the scenario's userfaultfd, gaps in the range or not; another one's memory is EBUSY."""
    mm = process.mm
    name, _, events = op.mode.partition("+")
    mode = _MODES[name]
    if mode == UFFD_MINOR and "uffd-minor" not in mm.rules.features:
        raise Unsupported("this kernel's userfaultfd has no minor mode: Linux 5.14 or later is needed")
    if mode == UFFD_WP and "uffd-wp" not in mm.rules.features:
        since = mm.space.platform.since("uffd-wp", "5.7")
        raise Unsupported(f"this kernel's userfaultfd has no write-protection: Linux {since} or later is needed")
    uffd = process.uffds.setdefault(bool(events), Uffd(bool(events)))
    start, end = op.bounds
    found = mm.within(start, end)
    if not found:
        raise StepFailed("uffd-register", EINVAL)
    for vma in found:  # the first mapping that is not fit says why
        if not _registrable(mm, vma, mode):
            if mode == UFFD_WP and "uffd-wp-shmem" not in mm.rules.features:
                raise Unsupported(
                    "this kernel's userfaultfd write-protects no shared memory: Linux 5.19 or later is needed"
                )
            raise StepFailed("uffd-register", EINVAL)
        if vma.flags & READONLY:  # whoever fills a hole of the file would write to it
            raise StepFailed("uffd-register", EPERM)
        if vma.uffd is not None and (
            vma.uffd is not uffd or not all(rule(vma, mode) for rule in mm.rules.reregistrable)
        ):
            raise StepFailed("uffd-register", EBUSY)
    for vma in found:
        if not mm.is_linked(vma) or (vma.uffd is uffd and vma.flags & mode):
            continue
        first = max(start, vma.start)
        new = vma.part(first, min(end, vma.end))
        new.pgoff = mm.rules.register_offset(vma, first)
        new.flags = new.flags & ~UFFD | mode
        new.uffd = uffd
        change_part(mm, vma, new, "uffd-register")


def uffd_unregister(process: SimulatedProcess, op: UffdUnregister) -> None:
    """Take the registration away; what could not be registered must not be in the range."""
    mm = process.mm
    start, end = op.bounds
    found = mm.within(start, end)
    through = process.uffds.get(False) or process.uffds.get(True)
    may = all(_registrable(mm, vma, vma.flags & UFFD or UFFD_MISSING) for vma in found)
    if not found or not may or not all(rule(vma, through) for rule in mm.rules.unregistrable for vma in found):
        raise StepFailed("uffd-unregister", EINVAL)
    for vma in found:
        if vma.uffd is not None and mm.is_linked(vma):
            new = vma.part(max(start, vma.start), min(end, vma.end))
            new.flags &= ~UFFD
            new.uffd = None
            if vma.flags & UFFD_WP and "unregister-unprotects" in mm.rules.features:
                for page in range(new.start >> PAGE_SHIFT, new.end >> PAGE_SHIFT):
                    mm.protected.pop(page, None)
            change_part(mm, vma, new, "uffd-unregister")


def uffd_writeprotect(process: SimulatedProcess, op: UffdWriteprotect) -> None:
    """Protect the pages that are there from writing, or no more. All mappings of the range must be registered for it.

    Those before the first that is not are done all the same.
    """
    mm = process.mm
    if "uffd-wp" not in mm.rules.features:
        raise Unsupported("this kernel's userfaultfd has no write-protection: Linux 5.7 or later is needed")
    start, end = op.bounds
    found = mm.within(start, end)
    for rule in mm.rules.write_protect:
        errno = rule(found, start, end)
        if errno is not None:
            raise StepFailed("uffd-writeprotect", errno)
    for vma in found:
        if not vma.flags & UFFD_WP:
            raise StepFailed("uffd-writeprotect", ENOENT)
        pages = range(max(start, vma.start) >> PAGE_SHIFT, min(end, vma.end) >> PAGE_SHIFT)
        if vma.flags & HUGETLB or (not vma.backing.anonymous and not all(page in mm.pages for page in pages)):
            raise Unsupported(MARKERS)
        for page in pages:
            if not op.protect:
                mm.protected.pop(page, None)
            elif mm.pages.get(page, GUARD) != GUARD:
                mm.protected[page] = True
    if not found:
        raise StepFailed("uffd-writeprotect", ENOENT)


def _registrable(mm: Mm, vma: Vma, mode: int) -> bool:
    """Tell whether userfaultfd takes such a mapping (vma_can_userfault)."""
    if vma.flags & SPECIAL and not vma.flags & HUGETLB:
        return False
    return all(rule(vma, mode) for rule in mm.rules.registrable)
