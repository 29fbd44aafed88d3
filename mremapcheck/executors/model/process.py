"""The process that runs a scenario, and its forked child."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.exceptions import StepFailed
from mremapcheck.executors.model.merging import modify
from mremapcheck.executors.model.mm import Mm
from mremapcheck.executors.model.pages import inherit, zap
from mremapcheck.executors.model.vma import AnonVma, File, Uffd, Vma
from mremapcheck.linux.vm_flags import ACCOUNT, DONTCOPY, LOCKS, SHARED, UFFD, WIPEONFORK
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Fork


class SimulatedProcess:
    """A process that runs a scenario: memory, the files it has open, its userfaultfds (with events or not)."""

    __slots__ = ("files", "mm", "scenario", "uffds")

    def __init__(self, mm: Mm, scenario: Scenario) -> None:
        self.mm = mm
        self.scenario = scenario
        self.files: dict[tuple[str, ...], File] = {}
        self.uffds: dict[bool, Uffd] = {}


def fork(process: SimulatedProcess, op: Fork | None = None) -> None:
    """Go on as the child: locks and registrations are not inherited, private pages are shared until written to.

    Page tables are copied only where the child could not fault the pages in again.
    """
    parent = process.mm
    child = Mm(parent.rules, parent.trace)
    child.is_child = True
    child.pages = inherit(parent.pages)
    child.secret = parent.secret
    child.events = parent.events
    child.images = parent.images
    child.privileges = parent.privileges
    child.max_map_count = parent.max_map_count
    child.memlock_limit = parent.memlock_limit
    child.address_limit = parent.address_limit
    child.data_limit = parent.data_limit
    child.lowest_chosen = parent.lowest_chosen
    child.filter = parent.filter
    child.marked = parent.marked
    child.soft_dirty = set(parent.soft_dirty)
    for vma in parent.vmas:
        if vma.file is not None and may_write(parent, vma):
            vma.file.inode.writers += 1  # the parent waits, and keeps its own
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


def may_write(mm: Mm, vma: Vma) -> bool:
    """Tell whether a mapping is one of those that keep its file from being sealed against writing (i_mmap_writable)."""
    return bool(vma.flags & SHARED) and vma.file is not None and all(rule(vma) for rule in mm.rules.writers)


def change_part(mm: Mm, vma: Vma, new: Vma, call: str) -> Vma:
    """Change part of a mapping; raise Failed where it cannot be cut."""
    changed = modify(mm, vma, new)
    if isinstance(changed, str):
        raise StepFailed(call, changed)
    return changed
