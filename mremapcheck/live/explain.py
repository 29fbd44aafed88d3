"""Why a step failed: is it the scenario's fault, or does this kernel or this user lack what it needs?"""

from __future__ import annotations

import errno
import resource

from mremapcheck.live.constants import (
    ADVICE,
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    MAP_SHARED,
    PR_SET_VMA,
    PR_SET_VMA_ANON_NAME,
    PROT_READ,
    PROT_WRITE,
    SYS_MADVISE,
    SYS_MLOCK,
    SYS_MLOCK2,
    SYS_MMAP,
    SYS_MSEAL,
    SYS_MUNMAP,
    SYS_PRCTL,
)
from mremapcheck.live.kinds import KINDS
from mremapcheck.live.proc import Proc
from mremapcheck.live.syscalls import address, buffer, call
from mremapcheck.live.syscalls import errno as last_errno
from mremapcheck.live.wire import Trouble
from mremapcheck.units import PAGE

_ADVICE_NAMES = {number: name for name, number in ADVICE.items()}


def explain(arguments: tuple[int, ...], code: int, proc: Proc, limited: bool) -> Trouble:
    """Return the trouble that a system call failed with ``code``; ``limited``: the scenario set RLIMIT_MEMLOCK."""
    number = arguments[0]
    skip = ""
    if number == SYS_MSEAL and code == errno.ENOSYS:
        skip = "this kernel has no mseal: Linux 6.10 or later is needed"
    elif number == SYS_MADVISE and code == errno.EINVAL:
        skip = _advice(arguments[3], arguments[1], arguments[2], proc)
    elif number in (SYS_MLOCK, SYS_MLOCK2) and code in (errno.ENOMEM, errno.EAGAIN, errno.EPERM) and not limited:
        skip = memlock(proc.status(b"VmLck") * PAGE + arguments[2])
    elif number == SYS_MMAP:
        for kind in KINDS.values():
            if kind.skip and arguments[4] & (kind.flags | kind.private) == kind.flags | kind.private:
                skip = kind.skip.get(code, "")
    return Trouble(code, skip)


def memlock(wanted: int) -> str:
    """Return why so many bytes cannot be locked here, or ''."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if limit == resource.RLIM_INFINITY or wanted <= limit:
        return ""
    return f"the scenario locks more than the hard limit of RLIMIT_MEMLOCK, {limit >> 10}K: raise it (ulimit -H -l)"


def name_trouble(code: int) -> Trouble:
    """Return the trouble that naming memory failed with ``code``."""
    place = _scratch(MAP_PRIVATE)
    name = buffer(b"probe")
    known = call(SYS_PRCTL, PR_SET_VMA, PR_SET_VMA_ANON_NAME, place, PAGE, address(name)) == 0
    call(SYS_MUNMAP, place, PAGE)
    if known:
        return Trouble(code)
    return Trouble(code, "this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed")


def _advice(advice: int, start: int, size: int, proc: Proc) -> str:
    name = _ADVICE_NAMES.get(advice, str(advice))
    if not _takes(advice, MAP_PRIVATE):
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
