"""The tool's side of the worker processes: start them, talk to them, and know how they ended."""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import mremapcheck
from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live.shortage import lacking
from mremapcheck.executors.live.wire import BROKEN, HEADER, HUNG_UP, IDLE, SPENT
from mremapcheck.linux import parent_death

#: Seconds beyond its own timeout that a worker is given before even its keeper is given up.
GRACE = 5.0
_CHUNK = 1 << 16
_START = "import sys; sys.path.insert(0, sys.argv[1]); from mremapcheck.executors.live.worker import main; main()"


class WorkerEnded(Exception):  # noqa: N818
    """The worker has gone: ``status`` as wait(2) tells it (None: it does not answer).

    ``lost`` of its answers never came; then it was at ``step`` of the next scenario.
    """

    def __init__(self, status: int | None, step: int = 0, lost: int = 0) -> None:
        super().__init__(status, step, lost)
        self.status = status
        self.step = step
        self.lost = lost

    @property
    def signal(self) -> int:
        """The number of the signal that killed it, else 0."""
        return os.WTERMSIG(self.status) if self.status is not None and os.WIFSIGNALED(self.status) else 0

    @property
    def spent(self) -> bool:
        """Tell whether it ended after its last answer: it could not be used again, and no scenario is to blame."""
        if self.step == IDLE:
            return True
        return self.status is not None and os.WIFEXITED(self.status) and os.WEXITSTATUS(self.status) in (SPENT, BROKEN)


def unusable(message: str, hint: str) -> ExecutorError:
    """Return the error where no scenario can be run here: why, and what to do about it."""
    return ExecutorError(f"the live executor cannot work here: {message}", hint)


class Supervisor:
    """One keeper and its worker of the moment.

    ``fresh`` starts a new interpreter, which knows nothing of the tool's memory; otherwise the keeper is forked.
    """

    def __init__(self, timeout: float, fresh: bool) -> None:
        self._timeout = timeout
        self._fresh = fresh and bool(sys.executable)
        self._keeper = 0
        self._control: socket.socket | None = None
        self._line: _Connection | None = None
        self._received = 0

    def start(self) -> None:
        """Start the keeper, unless there is one; the first worker gets ready meanwhile. Raises ExecutorError."""
        if self._keeper:
            return
        try:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._keeper = self._fork(theirs) if not self._fresh else self._spawn(theirs)
        except OSError as error:
            raise unusable(*(lacking(error) or (str(error), ""))) from None

    def send(self, plans: list[tuple[Any, ...]]) -> None:
        """Give plans to the worker; they are on their way when the next answer is asked for."""
        self._connected().put(plans)

    def receive(self) -> Any:
        """Return the next answer; raise WorkerEnded instead where it has gone; a next one is started."""
        line = self._connected()
        answer = line.get()
        if answer is None:
            deadline = time.monotonic() + self._timeout * 1.1 + GRACE
            while answer is None:
                if not line.pump(deadline - time.monotonic()):
                    if not line.closed:
                        self.stop()
                        raise WorkerEnded(None)
                    self._disconnect()
                    raise self._ended()
                answer = line.get()
        self._received += 1
        return answer

    def stop(self) -> None:
        """End all processes; what they were doing is lost."""
        if not self._keeper:
            return
        self._disconnect()
        if self._control:
            self._control.close()
            self._control = None
        keeper, self._keeper = self._keeper, 0
        with suppress(OSError):  # refused by a sandbox; but it ends as nobody is at the other end any more
            os.kill(keeper, signal.SIGKILL)  # its worker dies with it
        os.waitpid(keeper, 0)

    def _ended(self) -> WorkerEnded:
        message, _ = self._message()
        if message is None:
            self.stop()
            return WorkerEnded(None)
        if message[0] == "lacking":
            self.stop()
            raise unusable(*message[1:])
        _, status, step, done = message
        if status == HUNG_UP:
            self.stop()
        return WorkerEnded(status, step, done - self._received)

    def _connected(self) -> _Connection:
        self.start()
        if self._line is None:
            message, fds = self._message()
            if message is None or message[0] != "worker":
                self.stop()
                raise unusable(*(message[1:] if message else ("the keeper of the workers has gone", "")))
            self._line = _Connection(socket.socket(fileno=fds[0]))
            self._received = 0
        return self._line

    def _message(self) -> tuple[Any, list[int]]:
        assert self._control is not None
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll((self._timeout + GRACE) * 1000):
            return None, []
        try:
            data, fds, _, _ = socket.recv_fds(self._control, 4096, 1)
        except ConnectionError:
            return None, []
        return (marshal.loads(data) if data else None), fds

    def _disconnect(self) -> None:
        if self._line:
            self._line.close()
            self._line = None

    def _spawn(self, control: socket.socket) -> int:
        told = (Path(mremapcheck.__file__).parent.parent, control.fileno(), self._timeout, os.getpid())
        control.set_inheritable(True)
        null = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
        try:
            return os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-W", "ignore", "-c", _START, *map(str, told)],
                os.environ,
                file_actions=[null, (os.POSIX_SPAWN_DUP2, 0, 1)],
                setsigmask=parent_death.TO_GROUPS,
                setsigdef=[signal.SIGALRM],
            )
        except OSError:  # this user may not start the interpreter again
            return self._fork(control)

    def _fork(self, control: socket.socket) -> int:
        def keep() -> None:
            assert self._control is not None
            from mremapcheck.executors.live.worker import keep_workers

            self._control.close()
            keep_workers(control, self._timeout)

        return parent_death.fork(keep)


class _Connection:
    """The stream to one worker: neither side ever waits for the other to read."""

    def __init__(self, stream: socket.socket) -> None:
        stream.setblocking(False)
        self._stream = stream
        self._out = bytearray()
        self._in = bytearray()
        self._at = 0
        self._buffer = bytearray(_CHUNK)
        self.closed = False
        self._poll = select.poll()

    def put(self, message: list[tuple[Any, ...]]) -> None:
        data = marshal.dumps(message)
        self._out += len(data).to_bytes(HEADER, "little") + data
        self._flush()

    def get(self) -> Any:
        """Return the next whole message, or None."""
        start = self._at + HEADER
        end = start + int.from_bytes(self._in[self._at : start], "little")
        if len(self._in) < max(start, end):
            return None
        self._at = end
        return marshal.loads(self._in[start:end])

    def pump(self, seconds: float) -> bool:
        """Wait until something was read; False where the worker closed the stream or nothing came in time."""
        deadline = time.monotonic() + seconds
        while True:
            self._poll.register(self._stream, select.POLLIN | (select.POLLOUT if self._out else 0))
            ready = self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                return False
            if ready[0][1] & ~select.POLLOUT:
                return self._read()
            self._flush()

    def _read(self) -> bool:
        try:
            size = self._stream.recv_into(self._buffer)
        except ConnectionError:
            size = 0
        del self._in[: self._at]
        self._at = 0
        self._in += memoryview(self._buffer)[:size]
        self.closed = not size
        return bool(size)

    def _flush(self) -> None:
        while self._out:
            try:
                sent = self._stream.send(self._out)
            except BlockingIOError:
                return
            except ConnectionError:
                self._out.clear()  # whoever reads will see that the worker has gone
                return
            del self._out[:sent]

    def close(self) -> None:
        self._stream.close()
