"""What a process may do: capabilities and resource limits."""

from __future__ import annotations

import os
import resource
import struct

from mremapcheck.live.constants import (
    CAPABILITIES,
    LINUX_CAPABILITY_VERSION_3,
    SYS_CAPGET,
    SYS_CAPSET,
)
from mremapcheck.live.syscalls import address, buffer, call, errno
from mremapcheck.live.wire import Trouble
from mremapcheck.units import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.live.proc import Proc

#: Capabilities that an ordinary user's process has not, and that change what mremap does.
DROPPED = sum(1 << bit for bit in CAPABILITIES.values())

RESOURCES = {"memlock": resource.RLIMIT_MEMLOCK, "as": resource.RLIMIT_AS, "data": resource.RLIMIT_DATA}
_IN_USE = {"memlock": b"VmLck", "as": b"VmSize", "data": b"VmData"}


class Capabilities:
    """The effective capabilities of this thread; those of ``DROPPED`` are off unless a scenario keeps them."""

    __slots__ = ("_effective", "_header", "_inheritable", "_kept", "_permitted")

    def __init__(self) -> None:
        self._header = buffer(struct.pack("<Ii", LINUX_CAPABILITY_VERSION_3, 0))
        data = buffer(24)
        if call(SYS_CAPGET, address(self._header), address(data)) == -1:
            raise OSError(errno(), "capget")
        low = struct.unpack_from("<6I", data)
        self._effective, self._permitted, self._inheritable = (low[i] | low[i + 3] << 32 for i in range(3))
        self._kept = -1
        self.keep(0)

    def keep(self, mask: int) -> None:
        """Leave only these of ``DROPPED``; raise Trouble where this user has them not."""
        if mask == self._kept:
            return
        if mask & ~self._permitted:
            names = ", ".join(f"CAP_{name}" for name, bit in CAPABILITIES.items() if mask & ~self._permitted & 1 << bit)
            raise Trouble(0, f"this user has not {names}: run as root")
        effective = (self._effective & ~DROPPED) | mask
        words = (effective, self._permitted, self._inheritable)
        data = buffer(struct.pack("<6I", *(w & 0xFFFFFFFF for w in words), *(w >> 32 for w in words)))
        if call(SYS_CAPSET, address(self._header), address(data)) == -1:
            raise OSError(errno(), "capset")
        self._kept = mask


class Limits:
    """Soft resource limits; at rest they are as high as they may be."""

    __slots__ = ("_changed", "_proc")

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self._changed: list[int] = []
        for which in RESOURCES.values():
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (hard, hard))

    def set(self, name: str, size: int, relative: bool) -> None:
        """Limit ``name`` (memlock, as, data) to ``size`` bytes, or to so much beyond what is in use now."""
        which = RESOURCES[name]
        if relative:
            size += self._proc.status(_IN_USE[name]) * PAGE
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY and size > hard:
            raise Trouble(0, f"the hard limit of RLIMIT_{name.upper()} is {hard >> 10}K: raise it (ulimit -H)")
        resource.setrlimit(which, (size, hard))
        self._changed.append(which)

    def restore(self) -> None:
        """Lift all limits again."""
        for which in self._changed:
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (hard, hard))
        self._changed.clear()


def protect_others() -> None:
    """Let the kernel end this process first where memory runs out."""
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(fd, b"1000")
    except OSError:
        pass
    finally:
        os.close(fd)
