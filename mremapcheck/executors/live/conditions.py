"""What a process may do: capabilities and resource limits."""

from __future__ import annotations

import os
import resource
import struct
from errno import EPERM

from mremapcheck.linux.numbers import (
    CAPABILITIES,
    LINUX_CAPABILITY_VERSION_3,
    RESOURCES,
    SYS_CAPGET,
    SYS_CAPSET,
    SYS_MLOCKALL,
)
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import address, buffer, call, errno
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mremapcheck.executors.live.proc import Proc

    Done = TypeVar("Done")

#: Capabilities that an ordinary user's process has not, and that change what mremap does.
DROPPED = sum(1 << bit for bit in CAPABILITIES.values())

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
            raise Trouble(0, f"this user lacks {names}: run as root")
        effective = (self._effective & ~DROPPED) | mask
        if self._kept < 0 and effective == self._effective:
            self._kept = mask
            return  # as an ordinary user's process has none of them
        words = (effective, self._permitted, self._inheritable)
        data = buffer(struct.pack("<6I", *(w & 0xFFFFFFFF for w in words), *(w >> 32 for w in words)))
        if call(SYS_CAPSET, address(self._header), address(data)) == -1:
            raise OSError(errno(), "capset")
        self._kept = mask


#: Pages that a process may have leaked and still serve, and the hard limit in bytes that allows for so many.
_MOST_LEAKED = 128
_WIDE = 16 * _MOST_LEAKED * PAGE


def raise_limits() -> None:
    """Open as many files, as long ones, as may be."""
    for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        set_limit(which, resource.getrlimit(which)[1])


def set_limit(which: int, soft: int) -> None:
    """Set a soft limit; raises OSError where that is refused."""
    try:
        resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))
    except ValueError:  # which is what Python makes of EPERM
        raise PermissionError(EPERM, "setrlimit") from None


class Limits:
    """Soft resource limits; at rest they are as high as they may be, that of locked memory a little below.

    Kernels of 6.15 and later count pages as locked for ever once mremap has kept their source (see the change
    ``dontunmap-locks-twice``). As many pages are added to the limit then, so that scenarios never know.
    """

    __slots__ = ("_changed", "_future", "_most_leaked", "_proc", "leaked")

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self._changed: dict[str, int] = {}
        #: Whatever this process maps is locked, the interpreter's own too, until it ends.
        self._future = False
        #: Pages.
        self.leaked = 0
        hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        self._most_leaked = _MOST_LEAKED if hard == resource.RLIM_INFINITY or hard >= _WIDE else 0
        for which in RESOURCES.values():
            self._rest(which)

    def locked(self, places: list[tuple[int, int]]) -> int:
        """Return the pages that the scenario has locked, in the arena and at ``places`` (start, end)."""
        before = None
        while True:
            own = self._proc.foreign_locked(places) if self._future else 0
            locked = self._proc.status(b"VmLck") - self.leaked - own
            if locked == before or not self._future:
                return locked
            before = locked  # looking may have needed memory, too, which is locked as well

    def lock_future(self, flags: int) -> None:
        """Lock what is mapped from now on (mlockall(2)); raise Trouble where the kernel will not."""
        if call(SYS_MLOCKALL, flags) == -1:
            raise Trouble(errno(), refusal(SYS_MLOCKALL, flags))
        self._future = True

    def forgive(self) -> bool:
        """Take what is counted as locked now, with nothing mapped, for leaked; tell whether that is not too much."""
        leaked = self._proc.status(b"VmLck")
        if leaked != self.leaked:
            self.leaked = leaked
            self._rest(resource.RLIMIT_MEMLOCK)
        return leaked <= self._most_leaked

    def forked(self) -> None:
        """Know that in a forked child nothing is locked, and nothing leaked."""
        soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        if soft != resource.RLIM_INFINITY:
            set_limit(resource.RLIMIT_MEMLOCK, max(soft - self.leaked * PAGE, 0))
        self.leaked = 0

    def set(self, name: str, size: int, relative: bool) -> None:
        """Limit ``name`` (memlock, as, data) to ``size`` bytes, or to so much beyond what is in use now."""
        which = RESOURCES[name]
        if relative:
            size += self._in_use(name)
        elif name == "memlock":
            size += self.leaked * PAGE
        if name == "memlock" and size <= self.leaked * PAGE:
            size = 0  # which mlock(2) tells from a limit that is used up
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY and size > hard:
            raise Trouble(0, f"the hard limit of RLIMIT_{name.upper()} is {hard >> 10}K: raise it (ulimit -H)")
        set_limit(which, size)
        self._changed[name] = which

    def without(self, do: Callable[[], Done]) -> Done:
        """Call ``do`` with all limits lifted, and let them allow for what it took: scenarios do not know."""
        before = [(name, *resource.getrlimit(which), self._in_use(name)) for name, which in self._changed.items()]
        for name, _, hard, _ in before:
            set_limit(RESOURCES[name], hard)
        done = do()
        for name, soft, hard, used in before:
            soft += self._in_use(name) - used
            set_limit(RESOURCES[name], soft if hard == resource.RLIM_INFINITY else min(soft, hard))
        return done

    def _in_use(self, name: str) -> int:
        return self._proc.status(_IN_USE[name]) * PAGE

    def restore(self) -> None:
        """Lift all limits again."""
        for which in self._changed.values():
            self._rest(which)
        self._changed.clear()

    def _rest(self, which: int) -> None:
        hard = resource.getrlimit(which)[1]
        soft = hard
        if which == resource.RLIMIT_MEMLOCK and hard != resource.RLIM_INFINITY:
            soft -= (self._most_leaked - self.leaked) * PAGE
        set_limit(which, min(soft, hard))


class Processors:
    """Those that this process may run on. Pages that were touched on another one cannot be reclaimed at once."""

    __slots__ = ("_usual",)

    def __init__(self) -> None:
        self._usual: set[int] = set()

    def stay(self) -> None:
        """Run on one of them only, until ``roam``."""
        self._usual = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(self._usual)})

    def roam(self) -> None:
        """Run on all of them again."""
        if self._usual:
            os.sched_setaffinity(0, self._usual)
            self._usual = set()


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
