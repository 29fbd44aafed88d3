"""The objects that one scenario maps: made when first mapped, emptied and kept for the next one where that is cheap."""

from __future__ import annotations

import errno
import os

from mremapcheck.executors.live.shortage import reason
from mremapcheck.executors.live.wire import MAP
from mremapcheck.linux.numbers import F_ADD_SEALS, MAP_SHARED, PROT_EXEC, PROT_WRITE, SEALS, SYS_FCNTL
from mremapcheck.linux.sandbox import no_exec
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds import KINDS

_MAKERS = {name: kind.maker for name, kind in KINDS.items() if kind.maker is not None}
#: Objects of one kind that are kept between scenarios.
_KEPT = 8
_UNSHARED = "this kernel maps nothing shared of a memfd sealed against writing: Linux 6.7 or later is needed"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.executors.live.wire import Step


class Objects:
    """Handles by the index of the object in the plan."""

    __slots__ = ("_idle", "_inodes", "_open", "_readonly", "_seals", "_spent")

    def __init__(self) -> None:
        #: Handle -> how /proc/self/maps may name its inode, of those that are open.
        self._inodes: dict[int, tuple[str, str]] = {}
        self._idle: dict[str, list[int]] = {}
        self._open: dict[int, tuple[str, int]] = {}
        #: By the same index: what memfds were sealed with.
        self._seals: dict[int, int] = {}
        #: By the same index: another descriptor of the file, for reading only.
        self._readonly: dict[int, int] = {}
        self._spent = False

    def map(
        self,
        index: int,
        name: str,
        length: int,
        start: int,
        size: int,
        prot: int,
        sharing: int,
        offset: int,
        readonly: bool,
    ) -> None:
        """Map [start, start+size) of an object that is ``length`` bytes long; raise Trouble."""
        maker = _MAKERS[name]
        handle = -1 if maker.opener is None else self._handle(index, name, length)
        if readonly:
            handle = self._reading(index, handle)
        self._spent = self._spent or maker.once
        try:
            maker.mapper(handle, length, start, size, prot, sharing, offset)
        except Trouble as trouble:
            if trouble.errno == errno.EPERM and prot & PROT_EXEC:
                trouble.skip = trouble.skip or self.not_executable()
            if trouble.errno == errno.EACCES and prot & PROT_EXEC:
                trouble.skip = trouble.skip or no_exec()
            raise

    def truncate(self, index: int, name: str, length: int, size: int) -> None:
        """Make a file ``size`` bytes long; ``length`` is what it begins with. Raises Trouble."""
        handle = self._handle(index, name, length)
        try:
            os.ftruncate(handle, size)
        except OSError as error:
            raise Trouble(error.errno or 0, reason(error)) from None

    def seal(self, index: int, name: str, length: int, seals: int) -> None:
        """Add seals to a memfd that begins with ``length`` bytes; raises Trouble."""
        if call(SYS_FCNTL, self._handle(index, name, length), F_ADD_SEALS, seals) == -1:
            raise Trouble(last_errno())
        self._seals[index] = self._seals.get(index, 0) | seals

    def sealed(self, step: Step, code: int) -> str:
        """Return what the kernel lacks where it maps nothing shared of a memfd sealed against writing; else ''."""
        if step[0] != MAP or code != errno.EPERM or not self._seals.get(step[1], 0) & SEALS["write"]:
            return ""
        prot, sharing = step[6:8]
        return _UNSHARED if sharing & MAP_SHARED and not prot & PROT_WRITE else ""

    def _handle(self, index: int, name: str, length: int) -> int:
        if index in self._open:
            return self._open[index][1]
        handle = self._make(name, length)
        self._open[index] = name, handle
        return handle

    def _reading(self, index: int, handle: int) -> int:
        if index not in self._readonly:
            try:
                self._readonly[index] = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise Trouble(error.errno or 0, reason(error)) from None
        return self._readonly[index]

    def _make(self, name: str, length: int) -> int:
        idle = self._idle.get(name)
        try:
            if idle:
                handle = idle.pop()
                if _MAKERS[name].sized:
                    os.ftruncate(handle, length)
                return handle
            opener = _MAKERS[name].opener
            assert opener is not None
            return opener(length)
        except OSError as error:
            raise Trouble(error.errno or 0, reason(error)) from None

    def not_executable(self) -> str:
        """Return why files cannot be mapped with PROT_EXEC here, or ''."""
        for name, handle in self._open.values():
            if name in ("file", "tmpfs") and os.fstatvfs(handle).f_flag & os.ST_NOEXEC:
                return f"every folder for files of kind {name} is mounted noexec: set TMPDIR to one that is not"
        return ""

    def inodes(self) -> dict[str, str]:
        """Return "device inode" as /proc/self/maps has it -> backing, of the objects that it shows by another name.

        On btrfs it has another device than stat(2), so each stands there by its inode alone, too.
        """
        found = {}
        for name, handle in self._open.values():
            if _MAKERS[name].sized and not KINDS[name].marks:
                names = self._inodes.get(handle)
                if names is None:
                    status = os.fstat(handle)
                    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
                    names = self._inodes[handle] = str(status.st_ino), f"{device} {status.st_ino}"
                found.update(dict.fromkeys(names, KINDS[name].backing.reported))
        return found

    def forked(self) -> None:
        """Close what is kept: a forked child has it too and may write to it. What is in use ``release`` empties."""
        for name, idle in self._idle.items():
            for handle in idle:
                self._close(name, handle)
        self._idle.clear()

    def release(self) -> bool:
        """Empty or close all of them, once nothing maps them any more.

        False where something was made that only the end of this process takes back.
        """
        if not self._open:
            return not self._spent
        for handle in self._readonly.values():
            os.close(handle)
        self._readonly.clear()
        self._seals.clear()
        for name, handle in self._open.values():
            maker = _MAKERS[name]
            idle = self._idle.setdefault(name, [])
            if maker.kept and len(idle) < _KEPT:
                if maker.sized:
                    os.ftruncate(handle, 0)
                idle.append(handle)
            else:
                self._close(name, handle)
        self._open.clear()
        return not self._spent

    def _close(self, name: str, handle: int) -> None:
        self._inodes.pop(handle, None)
        _MAKERS[name].closer(handle)
