"""The program of the guest, its process 1: takes plans from the channel and has the live executor carry them out.

The process that carries them out is the live executor's worker itself, forked. This one passes plans on, reads the
kernel's log, and starts the next worker when one has ended. It starts once for every boot, under emulation, so it
imports only what it must; and as every switch between the two is expensive there, plans go to the worker in batches,
and this process only gets to run when the worker waits.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import select

from mremapcheck.live import tags
from mremapcheck.live.syscalls import prepare_heap
from mremapcheck.live.worker import BROKEN, HEADER, IDLE, SPENT, work
from mremapcheck.vm import guest_setup
from mremapcheck.vm.frames import BEAT, DIED, FAILED, HELLO, PLAN, RESULTS, SET_UP, Decoder, Encoder
from mremapcheck.vm.kernel_log import KernelLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Workers that may end before they begin with a plan.
_MOST_TRIES = 3
#: Milliseconds between two signs of life.
_BEAT = 1000


class Task:
    """A plan as it came (marshalled), what vm.max_map_count it wants, and how it has killed a worker already."""

    __slots__ = ("death", "most_maps", "number", "plan")

    def __init__(self, number: int, most_maps: int, plan: bytes) -> None:
        self.number = number
        self.most_maps = most_maps
        self.plan = plan
        self.death: tuple[int, int] | None = None


class Guest:
    """Process 1 and its worker of the moment."""

    def __init__(self, channel: guest_setup.Channel, disk: bool) -> None:
        self._channel = channel
        self._disk = disk
        self._encoder = Encoder(level=1)
        self._decoder = Decoder()
        self._log = KernelLog()
        #: The step that the worker is at, and how many plans it has done.
        self._progress = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self._timeout = 10.0
        self._most = 1
        self._most_maps = 0
        self._worker = 0
        self._stream = -1
        self._waiting: list[Task] = []
        self._batch: list[Task] = []  # that the worker has
        self._answers: list[bytes] = []
        self._input = bytearray()
        self._tries = 0

    def serve(self) -> None:
        """Do what the tool asks for until it hangs up."""
        self._send(HELLO, guest_setup.describe(self._channel, self._disk))
        while True:
            poll = select.poll()
            poll.register(self._channel.descriptor, select.POLLIN)
            if self._batch:
                poll.register(self._stream, select.POLLIN)
            ready = poll.poll(_BEAT)
            if not ready and self._batch:
                self._send(BEAT, (self._batch[0].number, self._progress[1]))
            for descriptor, _ in ready:
                if descriptor == self._stream:
                    self._hear_worker()
                elif not self._hear_tool():
                    return
            while not self._batch and self._waiting:
                self._begin()

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
                self._timeout, huge_pages, self._most = values
                guest_setup.reserve_huge_pages(huge_pages)
            elif kind == PLAN:
                self._waiting.append(Task(*values))
        return bool(data)

    def _begin(self) -> None:
        """Give the worker the next batch."""
        first = self._waiting[0]
        if first.death:
            self._send(DIED, (self._waiting.pop(0).number, first.death, self._log.read()))
            return
        count = 1
        for task in self._waiting[1 : self._most]:
            if task.death or task.most_maps != first.most_maps:
                break
            count += 1
        self._batch = self._waiting[:count]
        del self._waiting[:count]
        self._tries = 0
        if first.most_maps != self._most_maps:
            self._most_maps = first.most_maps
            guest_setup.write("/proc/sys/vm/max_map_count", str(first.most_maps))
        self._hand_over()

    def _hand_over(self) -> None:
        if self._worker == 0:
            self._start_worker()
        # A marshalled list is its length and its items, as long as none refers to another (format 2 has no references).
        data = b"[" + len(self._batch).to_bytes(4, "little") + b"".join([task.plan for task in self._batch])
        data = len(data).to_bytes(HEADER, "little") + data
        while data:
            try:
                data = data[os.write(self._stream, data) :]
            except BrokenPipeError:
                return  # the end of the stream is read next

    def _hear_worker(self) -> None:
        try:
            data = os.read(self._stream, 1 << 18)
        except ConnectionResetError:
            data = b""  # it ended with plans unread
        if not data:
            self._bury()
            return
        buffer = self._input
        buffer += data
        at = 0
        while len(buffer) >= at + HEADER:
            end = at + HEADER + int.from_bytes(buffer[at : at + HEADER], "little")
            if len(buffer) < end:
                break
            self._answers.append(bytes(buffer[at + HEADER : end]))
            at = end
        del buffer[:at]
        if len(self._answers) == len(self._batch):
            self._batch = []
            self._report()

    def _report(self) -> None:
        """Tell the tool what came of plans, before the next ones may take the guest down."""
        answers, self._answers = self._answers, []
        self._send(RESULTS, (answers, self._log.read()))

    def _bury(self) -> None:
        """The worker has gone: pass on what it answered, and put the rest of the batch back to be done again."""
        status = self._reap()
        step, done = self._progress[0], self._progress[1]
        rest = self._batch[len(self._answers) :]
        done -= len(self._answers)
        self._batch = []
        if self._answers:
            self._report()
            self._tries = 0
        spent = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (SPENT, BROKEN)
        if (spent or step == IDLE) and self._tries < _MOST_TRIES:
            # It ended after its last answer: none of these is to blame.
            self._tries += 1
            self._batch = rest
            self._hand_over()
            return
        if 0 <= done < len(rest):
            rest[done].death = (status, step)  # answers before it may have been lost
        self._waiting[:0] = rest

    def _start_worker(self) -> None:
        import socket

        ours, theirs = socket.socketpair()
        self._progress[0], self._progress[1] = IDLE, 0
        self._worker = os.fork()
        if self._worker == 0:
            ours.close()
            os.close(self._channel.descriptor)
            guest_setup.write("/proc/self/oom_score_adj", "1000")
            guest_setup.run_eagerly()
            os._exit(work(theirs.fileno(), self._progress, self._timeout))
        theirs.close()
        self._stream = ours.detach()

    def _reap(self) -> int:
        """Wait for the worker's end and return its wait status; orphans that it left are waited for on the way."""
        os.close(self._stream)
        self._stream = -1
        self._input.clear()
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
    guest_setup.run_lazily()
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
