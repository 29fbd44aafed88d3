"""The system calls around mremap, as far as scenarios use them; they raise Stopped where they do not work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mremapcheck.model import faults
from mremapcheck.model.advice import madvise
from mremapcheck.model.errno import EACCES, EBUSY, EFAULT, EINVAL, ENOMEM, EPERM
from mremapcheck.model.flags import (
    ACCESS,
    ACCOUNT,
    DONTCOPY,
    DROPPABLE,
    EXEC,
    HUGETLB,
    LOCKED,
    LOCKS,
    MIXEDMAP,
    NORESERVE,
    PROTECTIONS,
    READ,
    SEALED,
    SHARED,
    SPECIAL,
    UFFD,
    UFFD_MISSING,
    UFFD_WP,
    WIPEONFORK,
    WRITE,
)
from mremapcheck.model.kinds import file_of, kind_of
from mremapcheck.model.merging import modify
from mremapcheck.model.mm import Mm
from mremapcheck.model.pages import zap
from mremapcheck.model.steps.unmapping import unmap
from mremapcheck.model.stopped import Failed, Unsupported
from mremapcheck.model.vma import AnonVma, File, Uffd, Vma
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import (
    Fork,
    Madvise,
    Mlock,
    Mmap,
    Mprotect,
    Mseal,
    Munlock,
    Munmap,
    Ranged,
    Read,
    SetName,
    Touch,
    UffdRegister,
    UffdUnregister,
)
from mremapcheck.units import PAGE_SHIFT, page_align


class Process:
    """A process that carries a scenario out: memory, the files it has open, its userfaultfds (with events or not)."""

    __slots__ = ("files", "mm", "scenario", "uffds")

    def __init__(self, mm: Mm, scenario: Scenario) -> None:
        self.mm = mm
        self.scenario = scenario
        self.files: dict[tuple[str, str], File] = {}
        self.uffds: dict[bool, Uffd] = {}


def mmap(process: Process, op: Mmap) -> None:
    """Map with MAP_FIXED over whatever is there, and merge with the neighbours where that is possible."""
    mm = process.mm
    kind = kind_of(op.kind, mm.rules.features)
    start, length = op.address.value, page_align(op.size)
    flags = (PROTECTIONS[op.prot] if kind.access is None else kind.access) | kind.base_flags
    if op.sharing == "shared":
        flags |= SHARED
    elif flags & (WRITE | NORESERVE | HUGETLB) == WRITE:
        flags |= ACCOUNT
    if flags & EXEC and kind.no_exec:
        raise Failed(f"mmap failed: {EPERM}")
    if flags & HUGETLB and (start % kind.unit or length % kind.unit or (op.offset << PAGE_SHIFT) % kind.unit):
        raise Failed(f"mmap failed: {EINVAL}")
    end = start + length
    count = length >> PAGE_SHIFT
    if not mm.may_expand(flags, count) and not mm.may_expand(flags, count - mm.mapped(start, end)):
        raise Failed(f"mmap failed: {ENOMEM}")
    if len(mm.vmas) > mm.max_map_count:
        raise Failed(f"mmap failed: {ENOMEM}")
    index = mm.index(start)
    if index < len(mm.vmas) and mm.vmas[index].start < end:
        errno = unmap(mm, start, length, [] if kind.name == "sysv-shm" else mm.events)  # shmat tells nobody
        if errno is not None:
            raise Failed(f"mmap failed: {errno}")
        index = mm.index(start)
    if flags & ACCOUNT and not mm.charge(count):
        raise Failed(f"mmap failed: {ENOMEM}")
    number = start >> PAGE_SHIFT
    file = file_of(op, kind, process.files, process.scenario)
    pgoff = number if file is None else op.offset
    prev = mm.vmas[index - 1] if index else None
    following = mm.vmas[index] if index < len(mm.vmas) else None
    new = Vma(start, end, flags, kind, file, pgoff, number, op.letter)
    touches = (prev is not None and prev.end == start) or (following is not None and following.start == end)
    if not touches or mm.rules.merge_mapping(mm, new, prev, following) is None:
        mm.vmas.insert(index, new)
    if flags & MIXEDMAP and file is not None:
        # io_uring puts its pages into the page tables at once; pagemap skips those of VM_PFNMAP.
        mm.pages.update((number + index, op.offset + index) for index in range(count))
    mm.count(flags, count)
    if flags & LOCKED:
        mm.locked += count


def munmap(process: Process, op: Munmap) -> None:
    """Unmap; events are sent when the call returns."""
    errno = unmap(process.mm, op.address.value, op.size, process.mm.events)
    if errno is not None:
        raise Failed(f"munmap failed: {errno}")


def _covered(mm: Mm, op: Ranged, call: str) -> Iterator[tuple[Vma, int, int]]:
    """Yield each mapping of the range with its part of it, though each may change the mappings; raise at a gap."""
    position, end = op.address.value, op.address.value + page_align(op.size)
    while position < end:
        vma = mm.find(position)
        if vma is None:
            raise Failed(f"{call} failed: {ENOMEM}")
        stop = min(end, vma.end)
        yield vma, position, stop
        position = stop


def _modify(mm: Mm, vma: Vma, new: Vma, call: str) -> Vma:
    """Change part of a mapping; raise where no map slot is free to cut it."""
    changed = modify(mm, vma, new)
    if changed is None:
        raise Failed(f"{call} failed: {ENOMEM}")
    return changed


def mprotect(process: Process, op: Mprotect) -> None:
    """Change the protection; what becomes private and writable is accounted, and populated if locked."""
    mm = process.mm
    access = PROTECTIONS[op.prot]
    for vma, start, end in _covered(mm, op, "mprotect"):
        old = vma.flags
        if old & SEALED:
            raise Failed(f"mprotect failed: {EPERM}")
        if access & EXEC and vma.backing.no_exec:
            raise Failed(f"mprotect failed: {EACCES}")
        flags = old & ~ACCESS | access
        if flags == old:
            continue
        count = (end - start) >> PAGE_SHIFT
        if flags & WRITE and not mm.may_expand(flags, count) and mm.may_expand(old, count):
            raise Failed(f"mprotect failed: {ENOMEM}")
        for rule in mm.rules.mprotect:
            flags = rule(vma, flags)
        if flags & ~old & ACCOUNT and not mm.charge(count):
            raise Failed(f"mprotect failed: {ENOMEM}")
        if old & ~flags & ACCOUNT:
            mm.committed -= count
        new = vma.part(start, end)
        new.flags = flags
        changed = _modify(mm, vma, new, "mprotect")
        mm.count(old, -count)
        mm.count(flags, count)
        if old & (WRITE | SHARED | LOCKED) == LOCKED and flags & WRITE:
            faults.populate_vma(mm, changed, start >> PAGE_SHIFT, end >> PAGE_SHIFT)


def mlock(process: Process, op: Mlock) -> None:
    """Lock and populate. What cannot be populated is locked all the same, though mlock then returns ENOMEM."""
    mm = process.mm
    start, end = op.address.value, op.address.value + page_align(op.size)
    already = sum(
        min(end, vma.end) - max(start, vma.start)
        for vma in mm.vmas
        if vma.flags & LOCKED and vma.start < end and vma.end > start
    )
    if not mm.memlock_limit and not mm.may_lock(1):
        raise Failed(f"mlock failed: {EPERM}")
    if not mm.may_lock((end - start - already) >> PAGE_SHIFT):
        raise Failed(f"mlock failed: {ENOMEM}")
    _set_lock(mm, op, LOCKS if op.on_fault else LOCKED, "mlock")
    if not faults.populate(mm, start, end) and not all(vma.flags & LOCKED for vma in mm.within(start, end)):
        raise Failed(f"mlock failed: {ENOMEM}")


def munlock(process: Process, op: Munlock) -> None:
    """Unlock; the pages stay."""
    _set_lock(process.mm, op, 0, "munlock")


def _set_lock(mm: Mm, op: Ranged, lock: int, call: str) -> None:
    for vma, start, end in _covered(mm, op, call):
        old = vma.flags
        flags = old & ~LOCKS | lock
        if flags == old or old & (SPECIAL | HUGETLB | DROPPABLE) or vma.backing.name == "secret":
            continue
        new = vma.part(start, end)
        new.flags = flags
        _modify(mm, vma, new, call)
        if (flags ^ old) & LOCKED:
            count = (end - start) >> PAGE_SHIFT
            mm.locked += count if flags & LOCKED else -count


def mseal(process: Process, op: Mseal) -> None:
    """Seal; the range must be mapped without gaps."""
    mm = process.mm
    if "mseal" not in mm.rules.features:
        raise Unsupported("this kernel has no mseal: Linux 6.10 or later is needed")
    end = op.address.value + page_align(op.size)
    if any(True for _ in _gaps(mm, op.address.value, end)):
        raise Failed(f"mseal failed: {ENOMEM}")
    for vma, start, stop in _covered(mm, op, "mseal"):
        if not vma.flags & SEALED:
            new = vma.part(start, stop)
            new.flags |= SEALED
            _modify(mm, vma, new, "mseal")


def _gaps(mm: Mm, start: int, end: int) -> Iterator[int]:
    position = start
    while position < end:
        vma = mm.find(position)
        if vma is None:
            yield position
            return
        position = vma.end


def touch(process: Process, op: Touch) -> None:
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


def read(process: Process, op: Read) -> None:
    """Read a byte of each page."""
    mm = process.mm
    page = first = op.address.value >> PAGE_SHIFT
    last = (op.address.value + page_align(op.size)) >> PAGE_SHIFT
    while page < last:
        vma = mm.find(page << PAGE_SHIFT) or faults.expand_stack(mm, page << PAGE_SHIFT)
        if vma is None or not vma.flags & READ or not faults.can_reach(mm, vma, page):
            raise _unreachable(process, "read", page - first)
        faults.read(mm, vma, page)
        page += 1


def _unreachable(process: Process, call: str, page: int) -> Failed:
    """Say that a page of the range cannot be accessed; no userfaultfd is ever answered (UFFD_FEATURE_SIGBUS)."""
    text = f"{call} failed: {EFAULT} at page {page}"
    scenario = process.scenario
    if any(type(op) is UffdRegister for op in (*scenario.setup, *scenario.script)):
        text += " (does the page wait for a userfaultfd? nobody serves it)"
    return Failed(text)


def uffd_register(process: Process, op: UffdRegister) -> None:
    """Register with the scenario's userfaultfd, gaps in the range or not; another one's memory is EBUSY."""
    mm = process.mm
    name, _, events = op.mode.partition("+")
    mode = UFFD_WP if name == "wp" else UFFD_MISSING
    if mode == UFFD_WP and "uffd-wp" not in mm.rules.features:
        raise Unsupported("this kernel's userfaultfd has no write-protection: Linux 5.7 or later is needed")
    uffd = process.uffds.setdefault(bool(events), Uffd(bool(events)))
    start, end = op.address.value, op.address.value + page_align(op.size)
    found = mm.within(start, end)
    if not all(_registrable(mm, vma, mode) for vma in found):
        if mode == UFFD_WP and "uffd-wp-shmem" not in mm.rules.features:
            raise Unsupported(
                "this kernel's userfaultfd write-protects no shared memory: Linux 5.19 or later is needed"
            )
        raise Failed(f"uffd-register failed: {EINVAL}")
    if not found:
        raise Failed(f"uffd-register failed: {EINVAL}")
    if any(vma.uffd is not None and vma.uffd is not uffd for vma in found):
        raise Failed(f"uffd-register failed: {EBUSY}")
    for vma in found:
        if vma not in mm.vmas or (vma.uffd is uffd and vma.flags & mode):
            continue
        first = max(start, vma.start)
        new = vma.part(first, min(end, vma.end))
        new.pgoff = mm.rules.register_offset(vma, first)
        new.flags = new.flags & ~UFFD | mode
        new.uffd = uffd
        _modify(mm, vma, new, "uffd-register")


def uffd_unregister(process: Process, op: UffdUnregister) -> None:
    """Take the registration away; what could not be registered must not be in the range."""
    mm = process.mm
    start, end = op.address.value, op.address.value + page_align(op.size)
    found = mm.within(start, end)
    through = process.uffds.get(False) or process.uffds.get(True)
    may = all(_registrable(mm, vma, vma.flags & UFFD or UFFD_MISSING) for vma in found)
    if not found or not may or not all(rule(vma, through) for rule in mm.rules.unregistrable for vma in found):
        raise Failed(f"uffd-unregister failed: {EINVAL}")
    for vma in found:
        if vma.uffd is not None and vma in mm.vmas:
            new = vma.part(max(start, vma.start), min(end, vma.end))
            new.flags &= ~UFFD
            new.uffd = None
            _modify(mm, vma, new, "uffd-unregister")


def _registrable(mm: Mm, vma: Vma, mode: int) -> bool:
    """Tell whether userfaultfd takes such a mapping (vma_can_userfault)."""
    if vma.flags & SPECIAL and not vma.flags & HUGETLB:
        return False
    return all(rule(vma, mode) for rule in mm.rules.registrable)


def set_name(process: Process, op: SetName) -> None:
    """Name anonymous memory."""
    mm = process.mm
    if "anon-names" not in mm.rules.features:
        raise Unsupported("this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed")
    for vma, start, end in _covered(mm, op, "name"):
        for rule in mm.rules.nameable:
            errno = rule(vma)
            if errno is not None:
                raise Failed(f"name failed: {errno}")
        if vma.name != op.name:
            new = vma.part(start, end)
            new.name = op.name
            _modify(mm, vma, new, "name")


def fork(process: Process, op: Fork | None = None) -> None:
    """Go on as the child: locks and registrations are not inherited, private pages are shared until written to.

    Page tables are copied only where the child could not fault the pages in again.
    """
    parent = process.mm
    child = Mm(parent.rules, parent.trace)
    child.is_child = True
    child.pages = parent.pages
    child.events = parent.events
    child.privileges = parent.privileges
    child.max_map_count = parent.max_map_count
    child.memlock_limit = parent.memlock_limit
    child.address_limit = parent.address_limit
    child.data_limit = parent.data_limit
    child.lowest_chosen = parent.lowest_chosen
    for vma in parent.vmas:
        first, last = vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT
        if vma.flags & DONTCOPY:
            zap(child.pages, first, last)
            continue
        twin = vma.copy()
        twin.flags &= ~(LOCKS | UFFD)
        twin.uffd = None
        if vma.flags & WIPEONFORK:
            twin.anon_vma = None
        elif vma.anon_vma is not None:
            twin.anon_vma = AnonVma(forked=True)
        if vma.flags & WIPEONFORK or not any(rule(vma) for rule in parent.rules.copy_on_fork):
            zap(child.pages, first, last)
        child.vmas.append(twin)
        child.count(twin.flags, last - first)
        if twin.flags & ACCOUNT:
            child.committed += last - first
    process.mm = child
    process.uffds = {}


CALLS: dict[type, Callable[[Process, Any], None]] = {
    Mmap: mmap,
    Munmap: munmap,
    Mprotect: mprotect,
    Madvise: lambda process, op: madvise(process.mm, op),
    Mlock: mlock,
    Munlock: munlock,
    Mseal: mseal,
    Touch: touch,
    Read: read,
    UffdRegister: uffd_register,
    UffdUnregister: uffd_unregister,
    SetName: set_name,
    Fork: fork,
}
