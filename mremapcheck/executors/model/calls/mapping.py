"""mmap and munmap, and what is done to files that are mapped; they raise StepFailed where they do not work."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT, page_align
from mremapcheck.executors.model import faults
from mremapcheck.executors.model.errno import EACCES, EAGAIN, EBUSY, EINVAL, ENOMEM, EPERM
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.kinds import file_of, kind_of, object_of
from mremapcheck.executors.model.mm import Event, Mm
from mremapcheck.executors.model.pages import GUARD
from mremapcheck.executors.model.process import SimulatedProcess, may_write
from mremapcheck.executors.model.steps.unmapping import prepare, unmap
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import (
    ACCOUNT,
    HUGETLB,
    LOCKED,
    MIXEDMAP,
    NORESERVE,
    PROTECTIONS,
    READONLY,
    SHARED,
    WRITE,
)
from mremapcheck.scenario import operations as ops
from mremapcheck.scenario.attributes import WRITE_SEALS
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Backing

_UNSHARED = "this kernel maps nothing shared of a memfd sealed against writing: Linux 6.7 or later is needed"


def mmap(process: SimulatedProcess, op: ops.Mmap) -> None:
    """Map with MAP_FIXED over whatever is there, and merge with the neighbours where that is possible."""
    mm = process.mm
    kind = kind_of(op, mm.rules.features)
    start, length = op.address.value, page_align(op.size)
    flags = _flags_of(mm, kind, op)
    if op.kind not in ("vdso", "vvar"):  # which are moved, not mapped
        flags |= mm.future_locks
    if flags & HUGETLB and (start % kind.unit or length % kind.unit or (op.offset << PAGE_SHIFT) % kind.unit):
        raise StepFailed("mmap", EINVAL)
    count = length >> PAGE_SHIFT
    early = "write-sealed-checked-first" in mm.rules.features
    if early:
        flags |= _sealed(process, kind, op)
    _make_room(mm, flags, start, length, [] if kind.name == "sysv-shm" else mm.events)  # shmat tells nobody
    if not early:
        flags |= _sealed(process, kind, op)
    if any(rule(flags) for rule in mm.rules.unlockable):
        flags &= ~mm.future_locks  # only now: there had to be room for them, too
    if op.kind in ("vdso", "vvar"):
        mm.images[op.kind] = length
    number = start >> PAGE_SHIFT
    file = file_of(op, kind, process.files, process.scenario)
    new = Vma(start, start + length, flags, kind, file, number if file is None else op.offset, number, op.letter)
    prev, following = mm.neighbours(start)
    touches = (prev is not None and prev.end == start) or (following is not None and following.start == new.end)
    merged = mm.rules.merge_mapping(mm, new, prev, following) if touches else None
    if merged is None:
        mm.insert(new)
    else:
        merged.soft_dirty = True  # all of it, though only a part is new (mmap_region)
    if flags & MIXEDMAP and file is not None:
        # io_uring puts its pages into the page tables at once; pagemap skips those of VM_PFNMAP.
        mm.pages.update((number + index, op.offset + index) for index in range(count))
    mm.count(flags, count)
    if flags & LOCKED:
        mm.locked += count
    if mm.future_locks:
        faults.populate(mm, start, start + length)


def _flags_of(mm: Mm, kind: Backing, op: ops.Mmap) -> int:
    """Return the flags of a new mapping; raises Failed where its kind cannot have such a protection."""
    flags = (PROTECTIONS[op.prot] if kind.access is None else kind.access) | kind.base_flags
    for how in op.how:
        for rule in mm.rules.map_flags:
            flags |= rule(how)
    if op.sharing == "shared":
        flags |= SHARED
    elif flags & (WRITE | NORESERVE | HUGETLB) == WRITE:
        flags |= ACCOUNT
    if op.readonly and flags & SHARED:
        flags |= READONLY
        if flags & WRITE:
            raise StepFailed("mmap", EACCES)
    if flags & kind.never:
        # Of an AIO ring the protection is changed afterwards: io_setup(2) is asked for none.
        raise StepFailed("mmap", EACCES if kind.name == "aio" else EPERM)
    return flags


def _sealed(process: SimulatedProcess, kind: Backing, op: ops.Mmap) -> int:
    """Return READONLY where a memfd's seals let it be mapped but never written to; raises Failed where they do not."""
    file = process.files.get((op.kind, op.object))
    if file is None or op.sharing != "shared" or WRITE_SEALS.isdisjoint(file.inode.seals):
        return 0
    features = process.mm.rules.features
    known = "write-sealed-shared" in features
    if "write-sealed-refused" in features and "write-sealed-checked-first" not in features:
        known = False
    if "write" in file.inode.seals and not known and op.errno is None and "w" not in op.prot:
        raise Unsupported(_UNSHARED)
    if "w" in op.prot or ("write" in file.inode.seals and not known):
        raise StepFailed("mmap", EPERM)
    return READONLY


def _make_room(mm: Mm, flags: int, start: int, length: int, events: list[Event]) -> None:
    """Unmap what is there and commit memory for what comes (mmap_region); raises Failed with mmap's errno."""
    end, count = start + length, length >> PAGE_SHIFT
    fits = mm.may_expand(flags, count) or mm.may_expand(flags, count - mm.mapped(start, end))
    tells_why = "mmap-tells-why" in mm.rules.features
    if len(mm.vmas) > mm.max_map_count or not (fits or tells_why):
        raise StepFailed("mmap", ENOMEM)
    lockable = not flags & LOCKED or mm.may_lock(count)
    if not mm.is_free(start, end):
        errno = unmap(mm, start, length, events) if fits else prepare(mm, start, length, events)
        if errno is not None:
            raise StepFailed("mmap", errno if tells_why or errno == EPERM else ENOMEM)
    if not fits or (flags & ACCOUNT and not mm.charge(count)):
        raise StepFailed("mmap", ENOMEM)
    if flags & LOCKED and not tells_why:  # until 6.12 the old mapping had gone by now, and what was locked with it
        lockable = mm.may_lock(count)
    if not lockable:
        raise StepFailed("mmap", EAGAIN)


def munmap(process: SimulatedProcess, op: ops.Munmap) -> None:
    """Unmap; events are sent when the call returns."""
    errno = unmap(process.mm, op.address.value, op.size, process.mm.events)
    if errno is not None:
        raise StepFailed("munmap", errno)


def truncate(process: SimulatedProcess, op: ops.Truncate) -> None:
    """Give a file another length. Beyond a nearer end nothing is left of it, nor of private copies; guards stay.

    A sealed memfd may refuse. unmap_mapping_range() is asked for the private copies too (even_cows), but not to drop
    markers.
    """
    mm = process.mm
    file = process.files[op.kind, op.object]
    length = op.size >> PAGE_SHIFT
    seals = file.inode.seals
    if (length < file.inode.length and "shrink" in seals) or (length > file.inode.length and "grow" in seals):
        raise StepFailed("truncate", EPERM)
    file.inode.length = length
    for number in [number for number in file.cache if number >= length]:
        del file.cache[number]
    for vma in mm.vmas:
        if vma.file is not None and vma.file.cache is file.cache:
            first = max(vma.start >> PAGE_SHIFT, (vma.start >> PAGE_SHIFT) + length - vma.pgoff)
            faults.refuse_markers(mm, vma, first, vma.end >> PAGE_SHIFT)
            for page in range(first, vma.end >> PAGE_SHIFT):
                if mm.pages.get(page) != GUARD:
                    mm.pages.pop(page, None)


def add_seals(process: SimulatedProcess, op: ops.AddSeals) -> None:
    """Seal a memfd (F_ADD_SEALS): not against writing, as long as any mapping may write to it (i_mmap_writable)."""
    mm = process.mm
    kind = KINDS[op.kind].backing
    inode = object_of(op, kind, process.files, process.scenario).inode
    if "seal" in inode.seals:
        raise StepFailed("add-seals", EPERM)
    if "write" in op.seals and "write" not in inode.seals:
        mine = sum(may_write(mm, vma) for vma in mm.vmas if vma.file is not None and vma.file.inode is inode)
        if mine + inode.writers:
            raise StepFailed("add-seals", EBUSY)
    inode.seals = inode.seals.union(op.seals)
