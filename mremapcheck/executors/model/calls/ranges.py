"""What is done to mappings in a range: protection, locks, seals, names; raises StepFailed where it does not work."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model import faults
from mremapcheck.executors.model.errno import EACCES, ENOMEM, EPERM
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.process import SimulatedProcess, change_part
from mremapcheck.executors.model.steps.setup import is_special
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import (
    ACCESS,
    ACCOUNT,
    DROPPABLE,
    LOCKED,
    LOCKS,
    PROTECTIONS,
    READONLY,
    SEALED,
    SHARED,
    WRITE,
    with_key,
)
from mremapcheck.scenario import operations as ops


def _covered(mm: Mm, op: ops.Ranged, call: str) -> Iterator[tuple[Vma, int, int]]:
    """Yield each mapping of the range with its part of it, though each may change the mappings; raise at a gap."""
    position, end = op.bounds
    while position < end:
        vma = mm.find(position)
        if vma is None:
            raise StepFailed(call, ENOMEM)
        stop = min(end, vma.end)
        yield vma, position, stop
        position = stop


def _gaps(mm: Mm, start: int, end: int) -> Iterator[int]:
    position = start
    while position < end:
        vma = mm.find(position)
        if vma is None:
            yield position
            return
        position = vma.end


def mprotect(process: SimulatedProcess, op: ops.Mprotect) -> None:
    """Change the protection, and the protection key where one is given, which decides with whom a mapping merges.

    What becomes private and writable is accounted, and populated if locked.
    """
    mm = process.mm
    access = PROTECTIONS[op.prot]
    first, last = op.bounds
    if "seals-one-by-one" not in mm.rules.features and any(vma.flags & SEALED for vma in mm.within(first, last)):
        raise StepFailed("mprotect", EPERM)
    for vma, start, end in _covered(mm, op, "mprotect"):
        old = vma.flags
        if access & vma.backing.never or (access & WRITE and old & READONLY):
            raise StepFailed("mprotect", EACCES)
        if old & SEALED:
            raise StepFailed("mprotect", EPERM)
        flags = old & ~ACCESS | access
        if op.pkey is not None:
            flags = with_key(flags, op.pkey)
        if flags == old:
            continue
        count = (end - start) >> PAGE_SHIFT
        if flags & WRITE and not mm.may_expand(flags, count) and mm.may_expand(old, count):
            raise StepFailed("mprotect", ENOMEM)
        for rule in mm.rules.mprotect:
            flags = rule(vma, flags)
        if flags & ~old & ACCOUNT and not mm.charge(count):
            raise StepFailed("mprotect", ENOMEM)
        if old & ~flags & ACCOUNT:
            mm.committed -= count
        new = vma.part(start, end)
        new.flags = flags
        if not flags & WRITE:
            mm.protected.update(
                (page, True) for page in range(start >> PAGE_SHIFT, end >> PAGE_SHIFT) if page in mm.protected
            )
        changed = change_part(mm, vma, new, "mprotect")
        mm.count(old, -count)
        mm.count(flags, count)
        if old & (WRITE | SHARED | LOCKED) == LOCKED and flags & WRITE:
            faults.populate_vma(mm, changed, start >> PAGE_SHIFT, end >> PAGE_SHIFT)


def mlock(process: SimulatedProcess, op: ops.Mlock) -> None:
    """Lock and populate. What cannot be populated is locked all the same, though mlock then returns ENOMEM."""
    mm = process.mm
    start, end = op.bounds
    already = sum(min(end, vma.end) - max(start, vma.start) for vma in mm.within(start, end) if vma.flags & LOCKED)
    if not mm.memlock_limit and not mm.may_lock(1):
        raise StepFailed("mlock", EPERM)
    if not mm.may_lock((end - start - already) >> PAGE_SHIFT):
        raise StepFailed("mlock", ENOMEM)
    _set_lock(mm, op, LOCKS if op.on_fault else LOCKED, "mlock")
    if not faults.populate(mm, start, end) and (
        op.errno is not None or not all(vma.flags & LOCKED for vma in mm.within(start, end))
    ):
        raise StepFailed("mlock", ENOMEM)


def mlockall(process: SimulatedProcess, op: ops.Mlockall) -> None:
    """Let whatever is mapped from now on be locked, and brought in at once unless on fault; what is there is not."""
    mm = process.mm
    if not mm.memlock_limit and not mm.may_lock(1):
        raise StepFailed("mlockall", EPERM)
    mm.future_locks = LOCKS if op.on_fault else LOCKED


def munlock(process: SimulatedProcess, op: ops.Munlock) -> None:
    """Unlock; the pages stay."""
    _set_lock(process.mm, op, 0, "munlock")


def _set_lock(mm: Mm, op: ops.Ranged, lock: int, call: str) -> None:
    for vma, start, end in _covered(mm, op, call):
        old = vma.flags
        flags = old & ~LOCKS | lock
        if flags == old or is_special(old) or old & DROPPABLE or vma.backing.name == "secret":
            continue
        new = vma.part(start, end)
        new.flags = flags
        change_part(mm, vma, new, call)
        if (flags ^ old) & LOCKED:
            count = (end - start) >> PAGE_SHIFT
            mm.locked += count if flags & LOCKED else -count


def mseal(process: SimulatedProcess, op: ops.Mseal) -> None:
    """Seal; the range must be mapped without gaps."""
    mm = process.mm
    if "mseal" not in mm.rules.features:
        raise Unsupported("this kernel has no mseal: Linux 6.10 or later is needed")
    if any(True for _ in _gaps(mm, *op.bounds)):
        raise StepFailed("mseal", ENOMEM)
    for vma, start, stop in _covered(mm, op, "mseal"):
        if not vma.flags & SEALED:
            new = vma.part(start, stop)
            new.flags |= SEALED
            change_part(mm, vma, new, "mseal")


def set_name(process: SimulatedProcess, op: ops.SetName) -> None:
    """Name anonymous memory."""
    mm = process.mm
    if "anon-names" not in mm.rules.features:
        raise Unsupported("this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed")
    first, last = op.bounds
    gap = mm.mapped(first, last) << PAGE_SHIFT < last - first
    for vma in mm.within(first, last):
        start, end = max(first, vma.start), min(last, vma.end)
        for rule in mm.rules.nameable:
            errno = rule(vma)
            if errno is not None:
                raise StepFailed("name", errno)
        if vma.name != op.name:
            new = vma.part(start, end)
            new.name = op.name
            change_part(mm, vma, new, "name")
    if gap:  # what is mapped has its name all the same
        raise StepFailed("name", ENOMEM)
