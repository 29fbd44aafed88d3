"""The far side of a line: takes plans, has the live executor's workers run them, sends back what they saw.

The processes that run plans are the live executor's workers themselves, forked. This one passes plans on and
starts the next worker when one has ended. It starts anew wherever it is needed, and often under emulation, so it
imports only what it must; and as every switch between processes is expensive there, plans go to the workers in batches.
"""

from __future__ import annotations

import marshal
import mmap
import os
import select

from mremapcheck.executors.live.wire import BROKEN, HEADER, IDLE, SPENT
from mremapcheck.executors.live.worker import work
from mremapcheck.executors.remote.frames import BEAT, DIED, FAILED, PLANS, RESULTS, SET_UP, Decoder, Encoder
from mremapcheck.executors.remote.line import Line
from mremapcheck.linux import parent_death

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Workers that may end before they begin with a plan.
_MOST_TRIES = 3
#: Milliseconds between two signs of life.
_BEAT = 1000


class Environment:
    """What a server may do to the machine that it runs on: nothing, where that is somebody's own."""

    def set_up(self, huge_pages: int) -> None:
        """Get ready for plans, which may need so many huge pages."""

    def allow_maps(self, most: int) -> None:
        """Let every process have so many mappings."""

    def prepare_worker(self) -> None:
        """Make this process, which was just forked, a worker."""

    def complaints(self) -> list[str]:
        """Return what the kernel complained of since the last time."""
        return []


class RemoteTask:
    """A plan as it came (marshalled), what vm.max_map_count it wants, and how it has killed a worker already.

    ``alone``: no other plan may run at the same time.
    """

    __slots__ = ("alone", "death", "most_maps", "number", "plan")

    def __init__(self, number: int, most_maps: int, plan: bytes, alone: bool) -> None:
        self.number = number
        self.most_maps = most_maps
        self.plan = plan
        self.alone = alone
        self.death: tuple[int, int] | None = None


class WorkerSlot:
    """A worker of the live executor and the batch that it has; there is one for each processor.

    Each answer has the number of its plan: in a batch numbers need not follow each other, since what a dead worker left
    goes into the next one. ``reap`` waits for the end of a process and returns its wait status, ``prepare`` makes a
    process that was just forked a worker.
    """

    def __init__(self, reap: Callable[[int], int], prepare: Callable[[], None]) -> None:
        self._reap = reap
        self._prepare = prepare
        #: The step that the worker is at, and how many plans it has done.
        self.progress = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self.stream = -1
        self.batch: list[RemoteTask] = []
        self.answers: list[tuple[int, bytes]] = []
        self.worker = 0
        self._input = bytearray()
        self._timeout = 0.0
        self._tries = 0
        self._given = 0  # answers that there were when the worker got the rest of the batch
        self._before = 0  # plans that it had done before the batch

    def begin(self, batch: list[RemoteTask], timeout: float) -> None:
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

    def rest(self) -> list[RemoteTask]:
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

        def begin() -> None:
            ours.close()
            self._prepare()
            os._exit(work(theirs.fileno(), self.progress, self._timeout))

        self.worker = parent_death.fork(begin)
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


class Server:
    """This end of the line and its workers, ``slots`` at a time.

    ``patience``: with nothing to do it waits so many seconds for the tool; None: for ever.
    """

    def __init__(
        self,
        line: Line,
        encoder: Encoder,
        slots: int = 1,
        environment: Environment | None = None,
        patience: float | None = None,
    ) -> None:
        self._line = line
        self._encoder = encoder
        self._decoder = Decoder()
        self._environment = environment or Environment()
        self._patience = patience
        self._timeout = 10.0
        self._most = 1
        self._most_maps = 0
        self._slots = [WorkerSlot(self._reap, self._prepare) for _ in range(slots)]
        self._waiting: list[RemoteTask] = []
        self._ended: dict[int, int] = {}

    def serve(self, first: bytes = b"") -> None:
        """Do what the tool asks for until it hangs up; ``first`` is what it has sent already.

        Where nothing more can come, do that and return.
        """
        line = self._line
        self._take(first)
        silence = 0
        while True:
            for slot in self._slots:
                self._begin(slot)
            busy = {slot.stream: slot for slot in self._slots if slot.batch}
            if line.source < 0 and not busy:
                return
            poll = select.poll()
            poll.register(line.sink, 0)  # tells only that nobody reads any more
            for descriptor in (line.source, *busy):
                if descriptor >= 0:
                    poll.register(descriptor, select.POLLIN)
            ready = poll.poll(_BEAT)
            silence = silence + 1 if not ready and not busy else 0
            if self._patience is not None and silence * _BEAT > self._patience * 1000:
                return
            if not ready and busy:
                self._send(BEAT, [slot.progress[1] for slot in busy.values()])
            for descriptor, _ in ready:
                if descriptor in busy:
                    self._hear(busy[descriptor])
                elif descriptor == line.source:
                    data = os.read(descriptor, 1 << 16)
                    if not data:
                        return
                    self._take(data)
                else:
                    return

    def fail(self, text: str) -> None:
        """Tell the tool that this program broke down."""
        self._send(FAILED, (text,))

    def _send(self, kind: int, message: Any) -> None:
        self._line.write(self._encoder.encode(kind, marshal.dumps(message)))

    def _take(self, data: bytes) -> None:
        for kind, message in self._decoder.feed(data):
            values = marshal.loads(message)
            if kind == SET_UP:
                self._timeout, huge_pages, self._most = values
                self._environment.set_up(huge_pages)
            elif kind == PLANS:
                self._waiting += [RemoteTask(*plan) for plan in values]

    def _hear(self, slot: WorkerSlot) -> None:
        """Take a worker's answers, and pass them on before other plans may take the machine down."""
        if not slot.hear():
            return
        self._waiting[:0] = slot.rest()
        answers, slot.answers = slot.answers, []
        if answers:
            self._send(RESULTS, (answers, self._environment.complaints()))

    def _begin(self, slot: WorkerSlot) -> None:
        """Give a worker the next batch."""
        waiting = self._waiting
        while waiting and waiting[0].death:
            task = waiting.pop(0)
            self._send(DIED, ([(task.number, task.death)], self._environment.complaints()))
        if slot.batch or not waiting:
            return
        first = waiting[0]
        alone = first.alone or first.most_maps != self._most_maps or self._most == 1
        if any(other.batch and (alone or other.batch[0].alone) for other in self._slots):
            return
        if first.most_maps != self._most_maps:
            self._most_maps = first.most_maps
            self._environment.allow_maps(first.most_maps)
        count = 1
        for task in waiting[1 : self._most]:
            if task.death or (task.most_maps, task.alone) != (first.most_maps, first.alone):
                break
            count += 1
        batch = waiting[:count]
        del waiting[:count]
        slot.begin(batch, self._timeout)

    def _prepare(self) -> None:
        for descriptor in {self._line.source, self._line.sink, *(slot.stream for slot in self._slots)}:
            if descriptor >= 0:
                os.close(descriptor)
        self._environment.prepare_worker()

    def _reap(self, worker: int) -> int:
        """Wait for a worker's end and return its wait status; orphans that workers left are waited for on the way."""
        while worker not in self._ended:
            pid, status = os.waitpid(-1, 0)
            self._ended[pid] = status
        status = self._ended[worker]
        own = {slot.worker for slot in self._slots}
        self._ended = {pid: status for pid, status in self._ended.items() if pid in own and pid != worker}
        return status


def told(error: Exception) -> str:
    """Return an error with its traceback; in one line where this side's library is too broken for more."""
    try:
        import traceback
    except Exception:
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error))
