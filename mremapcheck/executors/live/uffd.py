"""userfaultfd(2): one for the registrations without events, one with remap and unmap events.

Whoever changes a mapping of the second one waits until its event was read, so a thread of our own reads them. Page
faults are never served: a page that waits for its userfaultfd cannot be reached (EFAULT), it does not block.
"""

from __future__ import annotations

import errno
import os
import struct

from mremapcheck.executors.live.events import EventReader
from mremapcheck.linux.numbers import (
    SYS_IOCTL,
    SYS_USERFAULTFD,
    UFFD_API,
    UFFD_FEATURE_EVENT_REMAP,
    UFFD_FEATURE_EVENT_UNMAP,
    UFFD_FEATURE_MINOR_SHMEM,
    UFFD_FEATURE_PAGEFAULT_FLAG_WP,
    UFFD_FEATURE_SIGBUS,
    UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
    UFFD_USER_MODE_ONLY,
    UFFDIO_API,
    UFFDIO_REGISTER,
    UFFDIO_REGISTER_MODE_MINOR,
    UFFDIO_REGISTER_MODE_WP,
    UFFDIO_UNREGISTER,
    UFFDIO_WRITEPROTECT,
)
from mremapcheck.linux.platforms import HERE, USUAL
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import address, buffer, call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.executors.live.conditions import Limits
    from mremapcheck.outcome.assemble import RawEvent

_WANTED = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM
_NO_MINOR = "this kernel's userfaultfd has no minor mode: Linux 5.14 or later is needed"
_EVENTS = UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_UNMAP
_REFUSED = (
    "userfaultfd is refused to this user: set vm.unprivileged_userfaultfd=1, or run as root "
    "(Linux 5.11 or later needs neither)"
)


class Uffd:
    """The userfaultfds of one scenario, made when first used. ``limits`` are lifted where a thread has to start."""

    __slots__ = ("_inherited", "_limits", "_plain", "_reader", "_with_events")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        #: In a forked child the events that came before it.
        self._inherited: list[RawEvent] = []
        self._plain = -1
        self._with_events = -1
        self._reader: EventReader | None = None

    def register(self, start: int, size: int, mode: int, events: bool) -> None:
        """UFFDIO_REGISTER [start, start+size) in bytes; raise Trouble where the kernel will not."""
        request = buffer(struct.pack("QQQQ", start, size, mode, 0))
        if call(SYS_IOCTL, self._descriptor(events), UFFDIO_REGISTER, address(request)) == -1:
            skip = ""
            if last_errno() == errno.EINVAL and mode & UFFDIO_REGISTER_MODE_WP:
                features = _features()
                if not features & UFFD_FEATURE_PAGEFAULT_FLAG_WP:
                    since = (HERE or USUAL).since("uffd-wp", "5.7")
                    skip = f"this kernel's userfaultfd has no write-protection: Linux {since} or later is needed"
                elif not features & UFFD_FEATURE_WP_HUGETLBFS_SHMEM:
                    skip = "this kernel's userfaultfd write-protects no shared memory: Linux 5.19 or later is needed"
            elif last_errno() == errno.EINVAL and mode & UFFDIO_REGISTER_MODE_MINOR:
                skip = "" if _features() & UFFD_FEATURE_MINOR_SHMEM else _NO_MINOR
            raise Trouble(last_errno(), skip)

    def protect(self, start: int, size: int, protected: bool) -> None:
        """UFFDIO_WRITEPROTECT [start, start+size) in bytes, or take the protection away; raise Trouble."""
        request = buffer(struct.pack("QQQ", start, size, protected))
        if call(SYS_IOCTL, self._any(), UFFDIO_WRITEPROTECT, address(request)) == -1:
            raise Trouble(last_errno())

    def unregister(self, start: int, size: int) -> None:
        """UFFDIO_UNREGISTER [start, start+size) in bytes, which works through any userfaultfd; raise Trouble."""
        request = buffer(struct.pack("QQ", start, size))
        if call(SYS_IOCTL, self._any(), UFFDIO_UNREGISTER, address(request)) == -1:
            raise Trouble(last_errno())

    def get_ready(self) -> EventReader:
        """Return what reads events; its thread starts now, while there is room for it."""
        if self._reader is None:
            self._reader = self._limits.without(EventReader)
        return self._reader

    def settle(self) -> None:
        """Return when every event that was sent so far is known."""
        if self._with_events >= 0 and self._reader:
            self._reader.settle()

    def finish(self) -> list[RawEvent]:
        """End all registrations and return what events there were, in their order."""
        if self._plain >= 0:
            os.close(self._plain)
            self._plain = -1
        events, self._inherited = self._inherited, []
        if self._with_events >= 0:
            events += self._reader.leave() if self._reader else []
            os.close(self._with_events)
            self._with_events = -1
        return events

    def forget(self) -> None:
        """Close what a forked child inherited: the registrations and the reading thread stayed with its parent.

        What the thread has read before the fork (see ``settle``) is for the child to tell.
        """
        events = self._reader.events if self._reader else []
        self._reader = None
        self.finish()
        self._inherited = events

    def _any(self) -> int:
        """Return one of them, for what works through any; a new one where there is none."""
        return self._plain if self._plain >= 0 else self._descriptor(self._with_events >= 0)

    def _descriptor(self, events: bool) -> int:
        if events:
            if self._with_events < 0:
                self._with_events = _open(_EVENTS)
                self.get_ready().watch(self._with_events)
            return self._with_events
        if self._plain < 0:
            self._plain = _open(0)
        return self._plain


def _open(features: int) -> int:
    wanted = (_WANTED & _features()) | features
    fd = _create()
    request = buffer(struct.pack("QQQ", UFFD_API, wanted, 0))
    if call(SYS_IOCTL, fd, UFFDIO_API, address(request)) == -1:
        code = last_errno()
        os.close(fd)
        raise Trouble(code, refusal(SYS_IOCTL))
    return fd


def _features() -> int:
    """Return what the kernel's userfaultfd can do."""
    if not _known:
        fd = _create()
        answer = buffer(struct.pack("QQQ", UFFD_API, 0, 0))
        call(SYS_IOCTL, fd, UFFDIO_API, address(answer))
        os.close(fd)
        _known.append(int(struct.unpack_from("QQQ", answer)[1]))
    return _known[0]


_known: list[int] = []


def _create() -> int:
    flags = os.O_CLOEXEC | os.O_NONBLOCK
    fd = call(SYS_USERFAULTFD, flags)
    if fd == -1 and last_errno() == errno.EPERM:
        fd = call(SYS_USERFAULTFD, flags | UFFD_USER_MODE_ONLY)
        if fd == -1:
            raise Trouble(errno.EPERM, refusal(SYS_USERFAULTFD) or _REFUSED)
    if fd == -1:
        if skip := refusal(SYS_USERFAULTFD):
            raise Trouble(last_errno(), skip)
        missing = "this kernel is built without userfaultfd (CONFIG_USERFAULTFD)"
        raise Trouble(last_errno(), missing if last_errno() == errno.ENOSYS else "")
    return fd
