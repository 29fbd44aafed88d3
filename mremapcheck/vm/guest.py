"""The program of the guest, its process 1: takes plans from the channel and has the live executor carry them out.

The process that carries them out is the live executor's worker itself, forked. This one passes plans on, one at a time,
reads the kernel's log in between, and starts the next worker when one has ended. It starts once for every boot, under
emulation, so it imports only what it must.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import select

from mremapcheck.live import tags
from mremapcheck.live.syscalls import prepare_heap
from mremapcheck.live.worker import BROKEN, IDLE, SPENT, work
from mremapcheck.vm import guest_setup
from mremapcheck.vm.frames import DIED, FAILED, HELLO, PLAN, RESULT, SET_UP, Decoder, Encoder
from mremapcheck.vm.kernel_log import KernelLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LENGTH = 4
#: Workers that may end before they begin with a plan.
_MOST_TRIES = 3


class Guest:
    """Process 1 and its worker of the moment."""

    def __init__(self, channel: guest_setup.Channel, disk: bool) -> None:
        self._channel = channel
        self._disk = disk
        self._encoder = Encoder(level=1)
        self._decoder = Decoder()
        self._log = KernelLog()
        self._step = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self._timeout = 10.0
        self._most_maps = 0
        self._worker = 0
        self._stream = -1
        self._waiting: list[tuple[Any, ...]] = []
        self._number = -1  # of the plan that the worker has
        self._plan = b""
        self._tries = 0
        self._answer = bytearray()

    def serve(self) -> None:
        """Do what the tool asks for until it hangs up."""
        self._send(HELLO, guest_setup.describe(self._channel, self._disk))
        while True:
            poll = select.poll()
            poll.register(self._channel.descriptor, select.POLLIN)
            if self._number >= 0:
                poll.register(self._stream, select.POLLIN)
            for descriptor, _ in poll.poll():
                if descriptor == self._stream:
                    self._hear_worker()
                elif not self._hear_tool():
                    return
            self._go_on()

    def fail(self, text: str) -> None:
        """Tell the tool that this program broke down."""
        self._send(FAILED, (text,))

    def _send(self, kind: int, message: Any) -> None:
        self._channel.write(self._encoder.encode(kind, marshal.dumps(message)))

    def _hear_tool(self) -> bool:
        data = os.read(self._channel.descriptor, 1 << 16)
        for kind, message in self._decoder.feed(data):
            values = marshal.loads(message)
            if kind == SET_UP:
                self._timeout, huge_pages = values
                guest_setup.reserve_huge_pages(huge_pages)
            elif kind == PLAN:
                self._waiting.append(values)
        return bool(data)

    def _go_on(self) -> None:
        """Give the worker its next plan."""
        if self._number >= 0 or not self._waiting:
            return
        self._number, most_maps, self._plan = self._waiting.pop(0)
        if most_maps != self._most_maps:
            self._most_maps = most_maps
            guest_setup.write("/proc/sys/vm/max_map_count", str(most_maps))
        self._tries = 0
        self._hand_over()

    def _hand_over(self) -> None:
        if self._worker == 0:
            self._start_worker()
        data = len(self._plan).to_bytes(_LENGTH, "little") + self._plan
        while data:
            try:
                data = data[os.write(self._stream, data) :]
            except BrokenPipeError:
                return  # the end of the stream is read next

    def _hear_worker(self) -> None:
        try:
            data = os.read(self._stream, 1 << 18)
        except ConnectionResetError:
            data = b""  # it ended with a plan unread
        if data:
            self._answer += data
            end = _LENGTH + int.from_bytes(self._answer[:_LENGTH], "little")
            if len(self._answer) >= max(end, _LENGTH):
                sighting = bytes(self._answer[_LENGTH:end])
                self._answer.clear()
                self._report(RESULT, sighting)
            return
        status = self._reap()
        spent = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (SPENT, BROKEN)
        if (spent or self._step[0] == IDLE) and self._tries < _MOST_TRIES:
            self._tries += 1
            self._hand_over()  # it ended after its last answer, before it began with this plan
        else:
            self._report(DIED, (status, self._step[0]))

    def _report(self, kind: int, what: Any) -> None:
        """Tell the tool what came of a plan, before the next one may take the guest down."""
        number, self._number = self._number, -1
        self._send(kind, (number, what, self._log.read()))

    def _start_worker(self) -> None:
        import socket

        ours, theirs = socket.socketpair()
        self._step[0] = IDLE
        self._worker = os.fork()
        if self._worker == 0:
            ours.close()
            os.close(self._channel.descriptor)
            guest_setup.write("/proc/self/oom_score_adj", "1000")
            os._exit(work(theirs.fileno(), self._step, self._timeout))
        theirs.close()
        self._stream = ours.detach()

    def _reap(self) -> int:
        """Wait for the worker's end and return its wait status; orphans that it left are waited for on the way."""
        os.close(self._stream)
        self._answer.clear()
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == self._worker:
                self._worker = 0
                return status


def main() -> None:
    """Run as process 1: serve the tool until it hangs up, then end the machine. Does not return."""
    guest_setup.mount_all()
    disk = guest_setup.mount_disk()
    guest = Guest(guest_setup.open_channel(), disk)
    tags.table()
    prepare_heap()
    gc.disable()
    gc.freeze()
    try:
        guest.serve()
    except Exception:
        import traceback

        guest.fail(traceback.format_exc())
    finally:
        if os.getpid() == 1:
            guest_setup.restart()
