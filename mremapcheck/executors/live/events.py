"""The thread that reads the events of a userfaultfd: whoever changes its mappings waits until they were read."""

from __future__ import annotations

import errno
import os
import select
import struct
import threading

from mremapcheck.linux.numbers import UFFD_EVENT_REMAP, UFFD_EVENT_UNMAP, UFFD_MESSAGE_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.outcome.assemble import RawEvent


class EventReader:
    """Reads one userfaultfd after the other for as long as this process lives: a thread of its own for each scenario
    would take longer than the scenario.

    A byte through a pipe asks it whether everything that was sent so far has been read.
    """

    def __init__(self) -> None:
        self._fd = -1
        #: What came so far, in order.
        self.events: list[RawEvent] = []
        self._asked, self._ask = os.pipe()
        self._settled = threading.Semaphore(0)
        self._poll = select.poll()
        self._poll.register(self._asked, select.POLLIN)
        try:
            threading.Thread(target=self._serve, name="uffd", daemon=True).start()
        except RuntimeError:
            os.close(self._asked)
            os.close(self._ask)
            raise OSError(errno.EAGAIN, "no thread can be started") from None

    def watch(self, fd: int) -> None:
        """Read this userfaultfd from now on, until ``leave``."""
        self._fd = fd
        self._poll.register(fd, select.POLLIN)
        self.settle()

    def leave(self) -> list[RawEvent]:
        """Let go of the userfaultfd and return what events there were, in their order."""
        self.settle()
        self._poll.unregister(self._fd)
        self.settle()
        self._fd = -1
        events, self.events = self.events, []
        return events

    def settle(self) -> None:
        """Return when every event that was sent so far is known."""
        os.write(self._ask, b"?")
        self._settled.acquire()

    def _serve(self) -> None:
        while True:
            ready = [fd for fd, _ in self._poll.poll()]
            if self._fd in ready:
                self._read()
            elif os.read(self._asked, 1):
                self._settled.release()

    def _read(self) -> None:
        try:
            message = os.read(self._fd, UFFD_MESSAGE_SIZE)
        except BlockingIOError:
            return
        event, first, second, third = struct.unpack("<B7xQQQ", message)
        if event == UFFD_EVENT_REMAP:
            self.events.append(("remap", first, second, third))
        elif event == UFFD_EVENT_UNMAP:
            self.events.append(("unmap", first, second))
