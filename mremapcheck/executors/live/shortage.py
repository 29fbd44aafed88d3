"""What this process lacks that is no answer to a scenario: rights, memory, descriptors, processes, /proc."""

from __future__ import annotations

import errno
import os
import resource

from mremapcheck.executors.live.proc import Proc
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import SYS_CLONE3
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.sandbox import all_refused, refusal, remedy

#: Limits that make memory run out: what /proc/self/status counts towards it, and the option of ulimit.
_OF_MEMORY = {"AS": (b"VmSize", "-v"), "DATA": (b"VmData", "-d")}
#: Mappings that a scenario may need beside those that it has when the kernel refuses another one.
_ROOM = 8


def lacking(error: BaseException) -> tuple[str, str] | None:
    """Return what this place lacks where Python met ``error``, and what to do; None where it is a fault of ours."""
    if isinstance(error, MemoryError):
        return "there is no memory", _more_memory()
    if not isinstance(error, OSError):
        return None
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    match error.errno:
        case errno.EMFILE:
            return f"no more files can be opened: RLIMIT_NOFILE is {_hard('NOFILE')}", "raise it (ulimit -H -n)"
        case errno.ENFILE:
            return "no more files can be opened on this machine", "raise fs.file-max"
        case errno.EFBIG:
            return f"files may not get as long: RLIMIT_FSIZE is {_hard('FSIZE')}", "raise it (ulimit -H -f)"
        case errno.ENOSPC | errno.EDQUOT:
            return "there is no room for a file", "set TMPDIR to a folder with room"
        case errno.EAGAIN:
            if refused := refusal(SYS_CLONE3):
                what, _, hint = refused.partition(": ")
                return f"no thread can be started: {what}", hint
            return (
                f"no process or thread can be started: RLIMIT_NPROC is {_hard('NPROC')}",
                "raise it (ulimit -H -u), or the limit of the container (pids.max)",
            )
        case errno.ENOMEM:
            return "there is no memory", _more_memory()
    if name.startswith("/proc/self"):
        return f"{name} cannot be opened: {error.strerror}", "mount /proc here, of this process's own PID namespace"
    if name.startswith("/proc"):
        return f"{name} cannot be opened: {error.strerror}", "mount /proc without subset=pid"
    if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS) and not name:
        refused = all_refused()
        if refused:
            return f"refused here: {refused}", remedy()
    return None


def reason(error: BaseException) -> str:
    """Return what ``lacking`` does as one text; '' where it is a fault of ours."""
    return ": ".join(lacking(error) or ())


def no_memory(wanted: int, proc: Proc, crowded: bool) -> str:
    """Return why this place, and not the kernel, has no memory for a call that wants ``wanted`` bytes; '' where it has.

    ``crowded``: the scenario itself uses the map slots up. Its own limits lie below the hard ones that are looked at.
    """
    for name, (counted, option) in _OF_MEMORY.items():
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
        if hard != resource.RLIM_INFINITY and proc.status(counted) * PAGE + wanted > hard:
            return (
                f"the hard limit of RLIMIT_{name}, {hard >> 10}K, is too small for this scenario: "
                f"raise it (ulimit -H {option})"
            )
    if not crowded and (skip := no_slots(proc, _ROOM)):
        return skip
    if _setting("overcommit_memory") == 2 and wanted > _free_to_commit():
        return "vm.overcommit_memory is 2 here and too much memory is promised already: set it to 0"
    return ""


def no_slots(proc: Proc, room: int) -> str:
    """Return that vm.max_map_count allows this process no ``room`` mappings more, '' where it does."""
    limit = _setting("max_map_count")
    if limit is None or len(proc.all_maps()) + room <= limit:
        return ""
    return f"vm.max_map_count is {limit} here, too few for this process: set it to 65530"


def _setting(name: str) -> int | None:
    """Return vm.NAME; None where it cannot be read."""
    try:
        return int(read_file(f"/proc/sys/vm/{name}"))
    except OSError:
        return None


def _free_to_commit() -> int:
    """Return how many bytes may still be promised where vm.overcommit_memory is 2."""
    try:
        lines = read_file("/proc/meminfo").decode().splitlines()
    except OSError:
        return 0
    values = {name: int(value.split()[0]) << 10 for name, _, value in (line.partition(":") for line in lines)}
    return values["CommitLimit"] - values["Committed_AS"]


def _hard(name: str) -> str:
    try:
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
    except (OSError, ValueError):
        return "unknown"
    return "unlimited" if hard == resource.RLIM_INFINITY else str(hard)


def _more_memory() -> str:
    for name, (_, option) in _OF_MEMORY.items():
        if (hard := _hard(name)) != "unlimited":
            return f"RLIMIT_{name} is {hard}: raise it (ulimit -H {option})"
    if _setting("overcommit_memory") == 2:
        return "vm.overcommit_memory is 2: set it to 0"
    return "give this machine or its container more"
