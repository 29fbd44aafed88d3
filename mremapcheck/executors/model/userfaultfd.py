"""Registering memory with a userfaultfd, and unregistering it."""

from __future__ import annotations

from mremapcheck.base.units import page_align
from mremapcheck.executors.model.errno import EBUSY, EINVAL, EPERM
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.process import SimulatedProcess, change_part
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.linux.vm_flags import HUGETLB, READONLY, SPECIAL, UFFD, UFFD_MISSING, UFFD_WP
from mremapcheck.scenario.operations import UffdRegister, UffdUnregister


def uffd_register(process: SimulatedProcess, op: UffdRegister) -> None:
    """Register with the scenario's userfaultfd, gaps in the range or not; another one's memory is EBUSY."""
    mm = process.mm
    name, _, events = op.mode.partition("+")
    mode = UFFD_WP if name == "wp" else UFFD_MISSING
    if mode == UFFD_WP and "uffd-wp" not in mm.rules.features:
        since = mm.space.platform.since("uffd-wp", "5.7")
        raise Unsupported(f"this kernel's userfaultfd has no write-protection: Linux {since} or later is needed")
    uffd = process.uffds.setdefault(bool(events), Uffd(bool(events)))
    start, end = op.address.value, op.address.value + page_align(op.size)
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
    start, end = op.address.value, op.address.value + page_align(op.size)
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
            change_part(mm, vma, new, "uffd-unregister")


def _registrable(mm: Mm, vma: Vma, mode: int) -> bool:
    """Tell whether userfaultfd takes such a mapping (vma_can_userfault)."""
    if vma.flags & SPECIAL and not vma.flags & HUGETLB:
        return False
    return all(rule(vma, mode) for rule in mm.rules.registrable)
