"""Which function makes which call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mremapcheck.executors.model.calls.accesses import clear_refs, read, touch
from mremapcheck.executors.model.calls.advice import madvise
from mremapcheck.executors.model.calls.mapping import add_seals, mmap, munmap, truncate
from mremapcheck.executors.model.calls.ranges import mlock, mlockall, mprotect, mseal, munlock, set_name
from mremapcheck.executors.model.calls.userfaultfd import uffd_register, uffd_unregister, uffd_writeprotect
from mremapcheck.executors.model.process import SimulatedProcess, fork
from mremapcheck.scenario import operations as ops

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
