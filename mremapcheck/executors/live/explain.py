"""Why a step failed: is it the scenario's fault, or does this kernel or this user lack what it needs?"""

from __future__ import annotations

import errno
import resource

from mremapcheck.executors.live.objects import Objects
from mremapcheck.executors.live.proc import Proc
from mremapcheck.executors.live.shortage import no_memory
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    ADVICE,
    MAP_ANONYMOUS,
    MAP_DROPPABLE,
    MAP_PRIVATE,
    MAP_SHARED,
    PR_SET_VMA,
    PR_SET_VMA_ANON_NAME,
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    SYS_MADVISE,
    SYS_MLOCK,
    SYS_MLOCK2,
    SYS_MMAP,
    SYS_MPROTECT,
    SYS_MSEAL,
    SYS_MUNMAP,
    SYS_PKEY_MPROTECT,
    SYS_PRCTL,
)
from mremapcheck.linux.pages import PAGE, page_align
from mremapcheck.linux.sandbox import no_exec, refusal
from mremapcheck.linux.syscalls import address, buffer, call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds import KINDS

_ADVICE_NAMES = {number: name for name, number in ADVICE.items()}


def explain(
    arguments: tuple[int, ...], code: int, proc: Proc, objects: Objects, limited: bool, crowded: bool
) -> Trouble | None:
    """Return the trouble that a system call failed with ``code``.

    ``limited``: the scenario set RLIMIT_MEMLOCK; ``crowded``: it used map slots up.

    None where it did what was asked for all the same.
    """
    number = arguments[0]
    skip = "" if number in (SYS_MLOCK, SYS_MLOCK2) else refusal(*arguments)
    if skip:
        pass
    elif number == SYS_MSEAL and code == errno.ENOSYS:
        skip = "this kernel has no mseal: Linux 6.10 or later is needed"
    elif number == SYS_MADVISE and code == errno.EINVAL:
        skip = _advice(arguments[3], arguments[1], arguments[2], proc)
    elif number == SYS_MADVISE and code == errno.EBADF and arguments[3] == ADVICE["willneed"]:
        skip = "this kernel reads no anonymous memory ahead: it is built without CONFIG_SWAP"
    elif number in (SYS_MLOCK, SYS_MLOCK2):
        if code == errno.ENOMEM and _is_locked(arguments[1], arguments[2], proc):
            return None
        if not limited:
            skip = memlock(proc.status(b"VmLck") * PAGE + arguments[2])
        skip = skip or ("" if _may_lock_nothing() else refusal(*arguments))
    elif number in (SYS_MPROTECT, SYS_PKEY_MPROTECT) and code == errno.EACCES and arguments[3] & PROT_EXEC:
        skip = no_exec() or objects.not_executable()
    elif number == SYS_MMAP:
        for kind in KINDS.values():
            sharings = (MAP_SHARED, MAP_PRIVATE) if kind.private == MAP_PRIVATE else (kind.private,)
            sharing = arguments[4] & (MAP_SHARED | MAP_PRIVATE | MAP_DROPPABLE)
            if kind.skip and kind.maker is None and sharing in sharings and arguments[4] & kind.flags == kind.flags:
                skip = kind.skip.get(code, "")
        if code == errno.EAGAIN and not limited:
            skip = memlock(proc.status(b"VmLck") * PAGE + page_align(arguments[2]))
        if code == errno.EACCES and arguments[3] & PROT_EXEC:
            skip = skip or no_exec()
    if not skip and code == errno.ENOMEM:
        skip = no_memory(page_align(arguments[2]), proc, crowded)
    return Trouble(code, skip)


def memlock(wanted: int) -> str:
    """Return why so many bytes cannot be locked here (see ``conditions.Limits``), or ''."""
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        return ""
    return f"the hard limit of RLIMIT_MEMLOCK, {hard >> 10}K, is too small for this scenario: raise it (ulimit -H -l)"


def _may_lock_nothing() -> bool:
    """Tell whether the kernel itself refuses every mlock(2) to this user."""
    return resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == 0


def _is_locked(start: int, size: int, proc: Proc) -> bool:
    """Tell whether all of a range is locked.

    mlock(2) first locks and then brings the pages in. Where that is impossible, as with PROT_NONE, it fails with
    ENOMEM, but what is locked stays so.
    """
    start, end = start & -PAGE, page_align(start + size)
    for (_, flags), (low, high, _, _) in zip(*proc.smaps(4, 400), strict=True):
        if low <= start < high and b" lo" in flags:
            start = high
    return start >= end


def name_trouble(code: int) -> Trouble:
    """Return the trouble that naming memory failed with ``code``."""
    place = _scratch(MAP_PRIVATE)
    name = buffer(b"probe")
    known = call(SYS_PRCTL, PR_SET_VMA, PR_SET_VMA_ANON_NAME, place, PAGE, address(name)) == 0
    call(SYS_MUNMAP, place, PAGE)
    if known:
        return Trouble(code)
    if skip := refusal(SYS_PRCTL):
        return Trouble(code, skip)
    return Trouble(code, "this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed")


def near_zero(end: int) -> str:
    """Return why a scenario may not have something mapped on the page before ``end``, one below 64K; '' if it may.

    Scenarios take such places for forbidden.
    """
    if not _lowest:
        _lowest.append(int(read_file("/proc/sys/vm/mmap_min_addr")))
    place = end - PAGE
    if place < _lowest[0] or place >= _USUAL_LOWEST:
        return ""
    return f"vm.mmap_min_addr is {_lowest[0]} here, so {place:#x} is an address like others: set it to {_USUAL_LOWEST}"


#: vm.mmap_min_addr as distributions set it.
_USUAL_LOWEST = 0x10000
_lowest: list[int] = []


def _advice(advice: int, start: int, size: int, proc: Proc) -> str:
    name = _ADVICE_NAMES.get(advice, str(advice))
    if not _takes(advice, MAP_SHARED if advice == ADVICE["remove"] else MAP_PRIVATE):
        return f"this kernel does not know madvise({name})" + _SINCE.get(name, "")
    if advice == ADVICE["guard-install"] and not _takes(advice, MAP_SHARED):
        for line in proc.all_maps():
            low, high, _, plain = proc.head(line)
            if low < start + size and start < high and not plain:
                return "this kernel has guard pages in anonymous memory only: Linux 6.15 or later is needed"
    return ""


_SINCE = {
    "guard-install": ": Linux 6.13 or later is needed",
    "guard-remove": ": Linux 6.13 or later is needed",
    "cold": ": Linux 5.4 or later is needed",
    "pageout": ": Linux 5.4 or later is needed",
    "populate-read": ": Linux 5.14 or later is needed",
    "populate-write": ": Linux 5.14 or later is needed",
    "dontneed-locked": ": Linux 5.18 or later is needed",
    "collapse": ": Linux 6.1 or later is needed",
    "mergeable": ": it is built without CONFIG_KSM",
    "unmergeable": ": it is built without CONFIG_KSM",
    "hugepage": ": it is built without CONFIG_TRANSPARENT_HUGEPAGE",
    "nohugepage": ": it is built without CONFIG_TRANSPARENT_HUGEPAGE",
}


def _takes(advice: int, sharing: int) -> bool:
    place = _scratch(sharing)
    taken = call(SYS_MADVISE, place, PAGE, advice) == 0 or last_errno() != errno.EINVAL
    call(SYS_MUNMAP, place, PAGE)
    return taken


def _scratch(sharing: int) -> int:
    place = call(SYS_MMAP, 0, PAGE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0)
    if place == -1:
        raise Trouble(last_errno())
    return place
