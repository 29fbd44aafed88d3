"""The program of the guest, its process 1: takes plans from the channel and has the live executor carry them out.

The processes that carry them out are the live executor's workers themselves, forked. This one passes plans on, reads
the kernel's log, and starts the next worker when one has ended. It starts once for every boot, under emulation, so it
imports only what it must; and as every switch between processes is expensive there, plans go to the workers in batches,
and this process only gets to run when a worker waits.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import select

from mremapcheck.executors.live import tags
from mremapcheck.executors.live.wire import BROKEN, HEADER, IDLE, SPENT
from mremapcheck.executors.live.worker import work
from mremapcheck.executors.vm import guest_setup
from mremapcheck.executors.vm.frames import BEAT, DIED, FAILED, HELLO, PLANS, RESULTS, SET_UP, Decoder, Encoder
from mremapcheck.executors.vm.kernel_log import KernelLog
from mremapcheck.linux.syscalls import prepare_heap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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


class Hand:
    """A worker of the live executor and the batch that it has; there is one for each processor.

    Each answer has the number of its plan: in a batch numbers need not follow each other, since what a dead worker left
    goes into the next one. ``reap`` waits for the end of a process and returns its wait status, ``inherited`` tells the
    descriptors that a worker has no business with.
    """

    def __init__(self, reap: Callable[[int], int], inherited: Callable[[], list[int]]) -> None:
        self._reap = reap
        self._inherited = inherited
        #: The step that the worker is at, and how many plans it has done.
        self.progress = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self.stream = -1
        self.batch: list[Task] = []
        self.answers: list[tuple[int, bytes]] = []
        self.worker = 0
        self._input = bytearray()
        self._timeout = 0.0
        self._tries = 0
        self._given = 0  # answers that there were when the worker got the rest of the batch
        self._before = 0  # plans that it had done before the batch

    def begin(self, batch: list[Task], timeout: float) -> None:
        """Give the worker a batch, each plan of which may take ``timeout`` seconds."""
        self.batch = batch
        self._timeout = timeout
        self._tries = 0
        self._hand_over()

    def hear(self) -> bool:
        """Take what the worker said; tell whether it is done with the batch, or has died and left the rest of it."""
        try:
            data = os.read(self.stream, 1 << 18)
        except ConnectionResetError:
            data = b""  # it ended with plans unread
        if not data:
            return self._bury()
        buffer = self._input
        buffer += data
        at = 0
        while len(buffer) >= at + HEADER:
            end = at + HEADER + int.from_bytes(buffer[at : at + HEADER], "little")
            if len(buffer) < end:
                break
            number = self.batch[len(self.answers)].number
            self.answers.append((number, bytes(buffer[at + HEADER : end])))
            at = end
        del buffer[:at]
        return len(self.answers) == len(self.batch)

    def rest(self) -> list[Task]:
        """Let go of the batch; return what of it was not answered."""
        batch, self.batch = self.batch[len(self.answers) :], []
        return batch

    def _hand_over(self) -> None:
        if self.worker == 0:
            self._start_worker()
        self._given = len(self.answers)
        self._before = self.progress[1] - self._given
        rest = self.batch[self._given :]
        # A marshalled list is its length and its items, as long as none refers to another (format 2 has no references).
        data = b"[" + len(rest).to_bytes(4, "little") + b"".join([task.plan for task in rest])
        data = len(data).to_bytes(HEADER, "little") + data
        while data:
            try:
                data = data[os.write(self.stream, data) :]
            except BrokenPipeError:
                return  # the end of the stream is read next

    def _start_worker(self) -> None:
        import socket

        ours, theirs = socket.socketpair()
        self.progress[0], self.progress[1] = IDLE, 0
        self.worker = os.fork()
        if self.worker == 0:
            ours.close()
            for descriptor in self._inherited():
                os.close(descriptor)
            guest_setup.write("/proc/self/oom_score_adj", "1000")
            guest_setup.be_a_user_of_its_own()
            guest_setup.run_eagerly()
            os._exit(work(theirs.fileno(), self.progress, self._timeout))
        theirs.close()
        self.stream = ours.detach()

    def _bury(self) -> bool:
        """Find out how the worker ended; start the next one at once where no plan is to blame."""
        os.close(self.stream)
        self.stream = -1
        self._input.clear()
        status = self._reap(self.worker)
        self.worker = 0
        step, done = self.progress[0], self.progress[1] - self._before
        spent = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (SPENT, BROKEN)
        if len(self.answers) > self._given:
            self._tries = 0
        if (spent or step == IDLE) and self._tries < _MOST_TRIES:
            self._tries += 1
            self._hand_over()
            return False
        # Answers before the one that it was at may have been lost.
        self.batch[min(max(done, len(self.answers)), len(self.batch) - 1)].death = status, step
        return True


class Guest:
    """Process 1 and its workers."""

    def __init__(self, channel: guest_setup.Channel, disk: bool, hands: int = 1) -> None:
        self._channel = channel
        self._disk = disk
        self._encoder = Encoder(level=1)
        self._decoder = Decoder()
        self._log = KernelLog()
        self._timeout = 10.0
        self._most = 1
        self._most_maps = 0
        self._hands = [Hand(self._reap, self._inherited) for _ in range(hands)]
        self._waiting: list[Task] = []
        self._ended: dict[int, int] = {}

    def serve(self) -> None:
        """Do what the tool asks for until it hangs up."""
        self._send(HELLO, guest_setup.describe(self._channel, self._disk))
        while True:
            busy = {hand.stream: hand for hand in self._hands if hand.batch}
            poll = select.poll()
            for descriptor in (self._channel.descriptor, *busy):
                poll.register(descriptor, select.POLLIN)
            ready = poll.poll(_BEAT)
            if not ready and busy:
                self._send(BEAT, [hand.progress[1] for hand in busy.values()])
            for descriptor, _ in ready:
                if descriptor in busy:
                    self._hear(busy[descriptor])
                elif not self._hear_tool():
                    return
            for hand in self._hands:
                self._begin(hand)

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
            elif kind == PLANS:
                self._waiting += [Task(*plan) for plan in values]
        return bool(data)

    def _hear(self, hand: Hand) -> None:
        """Take a worker's answers, and pass them on before other plans may take the guest down."""
        if not hand.hear():
            return
        self._waiting[:0] = hand.rest()
        answers, hand.answers = hand.answers, []
        if answers:
            self._send(RESULTS, (answers, self._log.read()))

    def _begin(self, hand: Hand) -> None:
        """Give a worker the next batch."""
        waiting = self._waiting
        while waiting and waiting[0].death:
            task = waiting.pop(0)
            self._send(DIED, ([(task.number, task.death)], self._log.read()))
        if hand.batch or not waiting:
            return
        first = waiting[0]
        alone = first.most_maps != self._most_maps or self._most == 1
        if alone and any(other.batch for other in self._hands):
            return
        if first.most_maps != self._most_maps:
            self._most_maps = first.most_maps
            guest_setup.write("/proc/sys/vm/max_map_count", str(first.most_maps))
        count = 1
        for task in waiting[1 : self._most]:
            if task.death or task.most_maps != first.most_maps:
                break
            count += 1
        batch = waiting[:count]
        del waiting[:count]
        hand.begin(batch, self._timeout)

    def _inherited(self) -> list[int]:
        return [self._channel.descriptor, *(hand.stream for hand in self._hands if hand.stream >= 0)]

    def _reap(self, worker: int) -> int:
        """Wait for a worker's end and return its wait status; orphans that workers left are waited for on the way."""
        while worker not in self._ended:
            pid, status = os.waitpid(-1, 0)
            self._ended[pid] = status
        status = self._ended[worker]
        own = {hand.worker for hand in self._hands}
        self._ended = {pid: status for pid, status in self._ended.items() if pid in own and pid != worker}
        return status


def main() -> None:
    """Run as process 1: serve the tool until it hangs up, then end the machine. Does not return."""
    guest_setup.mount_all()
    guest_setup.lift_limits()
    disk = guest_setup.mount_disk()
    guest = Guest(guest_setup.open_channel(), disk, os.cpu_count() or 1)
    guest_setup.run_lazily()
    tags.table()
    prepare_heap()
    gc.disable()
    gc.freeze()
    try:
        guest.serve()
    except Exception as error:
        told = _told(error)
        guest_setup.say(told)  # the channel may end before it has carried this
        guest.fail(told)
    finally:
        if os.getpid() == 1:
            guest_setup.restart()


def _told(error: Exception) -> str:
    """Return an error with its traceback; in one line where this guest's library is too broken for more."""
    try:
        import traceback
    except Exception:
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error))
