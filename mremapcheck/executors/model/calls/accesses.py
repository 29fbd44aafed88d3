"""What is done to pages: reading and writing them, and forgetting which were written."""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model import faults
from mremapcheck.executors.model.errno import EFAULT
from mremapcheck.executors.model.exceptions import StepFailed, Unsupported
from mremapcheck.executors.model.process import SimulatedProcess
from mremapcheck.linux.vm_flags import (
    READ,
    WRITE,
)
from mremapcheck.scenario import operations as ops


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
    first, last = (address >> PAGE_SHIFT for address in op.bounds)
    page = first
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


def clear_refs(process: SimulatedProcess, op: ops.ClearRefs) -> None:
    """Forget which pages were written (/proc/PID/clear_refs): they all have to be made writable again."""
    mm = process.mm
    mm.soft_dirty.clear()
    for vma in mm.vmas:
        vma.soft_dirty = False
    mm.protected.update(dict.fromkeys(mm.protected, True))
