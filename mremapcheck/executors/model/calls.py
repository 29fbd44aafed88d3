"""The system calls around mremap, as far as scenarios use them; they raise Stopped where they do not work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mremapcheck.base.units import PAGE_SHIFT, page_align
from mremapcheck.executors.model import faults
from mremapcheck.executors.model.advice import madvise
from mremapcheck.executors.model.errno import EACCES, EAGAIN, EBUSY, EFAULT, EINVAL, ENOMEM, EPERM
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.kinds import file_of, kind_of, object_of
from mremapcheck.executors.model.mm import Event, Mm
from mremapcheck.executors.model.pages import GUARD
from mremapcheck.executors.model.process import SimulatedProcess, change_part, fork, may_write
from mremapcheck.executors.model.steps.unmapping import prepare, unmap
from mremapcheck.executors.model.userfaultfd import uffd_register, uffd_unregister, uffd_writeprotect
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import (
    ACCESS,
    ACCOUNT,
    DROPPABLE,
    HUGETLB,
    LOCKED,
    LOCKS,
    MIXEDMAP,
    NORESERVE,
    PROTECTIONS,
    READ,
    READONLY,
    SEALED,
    SHARED,
    SPECIAL,
    WRITE,
    with_key,
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
    if flags & (SPECIAL | HUGETLB):
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


def munmap(process: SimulatedProcess, op: ops.Munmap) -> None:
    """Unmap; events are sent when the call returns."""
    errno = unmap(process.mm, op.address.value, op.size, process.mm.events)
    if errno is not None:
        raise StepFailed("munmap", errno)


def _covered(mm: Mm, op: ops.Ranged, call: str) -> Iterator[tuple[Vma, int, int]]:
    """Yield each mapping of the range with its part of it, though each may change the mappings; raise at a gap."""
    position, end = op.address.value, op.address.value + page_align(op.size)
    while position < end:
        vma = mm.find(position)
        if vma is None:
            raise StepFailed(call, ENOMEM)
        stop = min(end, vma.end)
        yield vma, position, stop
        position = stop


def mprotect(process: SimulatedProcess, op: ops.Mprotect) -> None:
    """Change the protection, and the protection key where one is given, which decides with whom a mapping merges.

    What becomes private and writable is accounted, and populated if locked.
    """
    mm = process.mm
    access = PROTECTIONS[op.prot]
    first, last = op.address.value, op.address.value + page_align(op.size)
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
    start, end = op.address.value, op.address.value + page_align(op.size)
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
        if flags == old or old & (SPECIAL | HUGETLB | DROPPABLE) or vma.backing.name == "secret":
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
    end = op.address.value + page_align(op.size)
    if any(True for _ in _gaps(mm, op.address.value, end)):
        raise StepFailed("mseal", ENOMEM)
    for vma, start, stop in _covered(mm, op, "mseal"):
        if not vma.flags & SEALED:
            new = vma.part(start, stop)
            new.flags |= SEALED
            change_part(mm, vma, new, "mseal")


def _gaps(mm: Mm, start: int, end: int) -> Iterator[int]:
    position = start
    while position < end:
        vma = mm.find(position)
        if vma is None:
            yield position
            return
        position = vma.end


def touch(process: SimulatedProcess, op: ops.Touch) -> None:
    """Write each page's tag."""
    mm = process.mm
    page = op.address.value >> PAGE_SHIFT
    tags = op.tags
    done = 0
    while done < len(tags):
        vma = mm.find(page << PAGE_SHIFT) or faults.expand_stack(mm, page << PAGE_SHIFT)
        if vma is None or not vma.flags & WRITE:
            raise _unreachable(process, "touch", done)
        part = tags[done : done + (vma.end >> PAGE_SHIFT) - page]
        written = faults.write_tags(mm, vma, page, part)
        done += written
        if written < len(part):
            raise _unreachable(process, "touch", done)
        page += written


def read(process: SimulatedProcess, op: ops.Read) -> None:
    """Read a byte of each page."""
    mm = process.mm
    page = first = op.address.value >> PAGE_SHIFT
    last = (op.address.value + page_align(op.size)) >> PAGE_SHIFT
    while page < last:
        vma = mm.find(page << PAGE_SHIFT) or faults.expand_stack(mm, page << PAGE_SHIFT)
        if vma is None or not vma.flags & READ or not faults.can_reach(mm, vma, page):
            raise _unreachable(process, "read", page - first)
        if vma.backing.name == "vvar":
            raise Unsupported("which pages of the vvar there are depends on the machine's clock")
        faults.read(mm, vma, page)
        page += 1


def _unreachable(process: SimulatedProcess, call: str, page: int) -> StepFailed:
    """Say that a page of the range cannot be accessed; no userfaultfd is ever answered (UFFD_FEATURE_SIGBUS)."""
    more = f" at page {page}"
    scenario = process.scenario
    if any(type(op) is ops.UffdRegister for op in scenario.operations):
        more += " (does the page wait for a userfaultfd? nobody serves it)"
    return StepFailed(call, EFAULT, more)


def set_name(process: SimulatedProcess, op: ops.SetName) -> None:
    """Name anonymous memory."""
    mm = process.mm
    if "anon-names" not in mm.rules.features:
        raise Unsupported("this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed")
    first, last = op.address.value, op.address.value + page_align(op.size)
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


def clear_refs(process: SimulatedProcess, op: ops.ClearRefs) -> None:
    """Forget which pages were written (/proc/PID/clear_refs): they all have to be made writable again."""
    mm = process.mm
    mm.soft_dirty.clear()
    for vma in mm.vmas:
        vma.soft_dirty = False
    mm.protected.update(dict.fromkeys(mm.protected, True))


CALLS: dict[type, Callable[[SimulatedProcess, Any], None]] = {
    ops.Mmap: mmap,
    ops.Truncate: truncate,
    ops.AddSeals: add_seals,
    ops.Munmap: munmap,
    ops.Mprotect: mprotect,
    ops.Madvise: lambda process, op: madvise(process.mm, op),
    ops.Mlock: mlock,
    ops.Mlockall: mlockall,
    ops.Munlock: munlock,
    ops.Mseal: mseal,
    ops.Touch: touch,
    ops.Read: read,
    ops.UffdRegister: uffd_register,
    ops.UffdUnregister: uffd_unregister,
    ops.UffdWriteprotect: uffd_writeprotect,
    ops.ClearRefs: clear_refs,
    ops.SetName: set_name,
    ops.Fork: fork,
}
