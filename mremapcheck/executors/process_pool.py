"""Processes that share work: forked at once, asked one thing at a time, and gone when whoever has them is.

Nothing here needs a thread, a lock or a queue between processes: one that is killed at any moment leaves nothing in a
state that another one would wait for.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import socket
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from mremapcheck.base import progress
from mremapcheck.base.errors import ExecutorError
from mremapcheck.linux import parent_death

_T = TypeVar("_T")
#: Bytes of a message's length, which comes before it.
_HEADER = 8
#: Seconds that processes are given to end by themselves, and seconds between two looks at whether they have.
_GRACE, _TICK = 5.0, 0.002


class ProcessPool(Executor):
    """``jobs`` processes behind the interface of ``concurrent.futures``; one thread at a time may use it.

    Each calls ``begin`` first and ``end`` when it is not needed any more. They are forks of this process as it is now.
    Raises ExecutorError where there cannot be so many.
    """

    def __init__(
        self, jobs: int, begin: Callable[[], None] | None = None, end: Callable[[], None] | None = None
    ) -> None:
        self._idle: list[_Process] = []
        self._busy: dict[_Process, Future[Any]] = {}
        self._pending: deque[tuple[Future[Any], _Call]] = deque()
        self._selector = selectors.DefaultSelector()
        alive: list[_Process] = []
        self._alive = alive
        self._end = weakref.finalize(self, _kill, alive)
        try:
            for _ in range(jobs):
                alive.append(_start(begin, end, [process.line for process in alive]))
        except OSError as error:
            self._end()
            raise ExecutorError(
                f"{jobs} processes cannot be started: {error.strerror}", "give a smaller --jobs, or raise `ulimit -u`"
            ) from None
        self._idle += alive

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        """Have a process call ``fn``; what it is called with and what comes of it must be picklable."""
        future: Future[_T] = _Answer(self)
        self._pending.append((future, _Call(fn, args, kwargs)))
        self._hand_out()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: those with nothing to do by themselves; nobody wants the answers of the others."""
        for process in self._idle:
            process.line.close()
        for process in self._alive:
            if process in self._busy:
                process.kill()
        deadline = time.monotonic() + _GRACE
        while self._alive:
            process = self._alive.pop()
            if not process.ends_before(deadline):
                process.kill()
                process.wait()
        self._idle.clear()
        self._busy.clear()
        self._selector.close()

    def stop(self) -> None:
        """End the processes at once."""
        _kill(self._alive)
        self.shutdown()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; at once where an error or an interrupt ends it all."""
        if error is None:
            self.shutdown()
        else:
            self.stop()

    def wait(self) -> None:
        """Wait until something is answered."""
        for key, _ in self._selector.select():
            process: _Process = key.data
            self._selector.unregister(process.line)
            try:
                succeeded, value, told = process.receive()
            except (EOFError, ConnectionError):
                self._mourn(process)
                continue
            future = self._busy.pop(process)
            self._idle.append(process)
            if future.cancelled():
                continue
            if succeeded:
                future.set_result(value)
            else:
                value.__cause__ = _RemoteError(told)
                future.set_exception(value)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._idle and self._pending:
            future, call = self._pending.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            process = self._idle.pop()
            self._busy[process] = future
            self._selector.register(process.line, selectors.EVENT_READ, process)
            with suppress(ConnectionError):  # it has gone, which is heard of next
                process.send(call)

    def _mourn(self, process: _Process) -> None:
        """Tell of a process that has ended in the middle of its work; without any, nothing else will be done either."""
        self._alive.remove(process)
        error = ExecutorError(f"one of the processes for --jobs {process.wait()}", "is there memory for so many?")
        lost = [self._busy.pop(process)]
        if not self._alive:
            lost += [future for future, _ in self._pending if future.set_running_or_notify_cancel()]
            self._pending.clear()
        for future in lost:
            future.set_exception(error)


class _Answer(Future[_T]):
    """A future that is worked for while somebody waits for it."""

    def __init__(self, processes: ProcessPool) -> None:
        super().__init__()
        self._processes = processes

    def result(self, timeout: float | None = None) -> _T:
        """Return the answer, or raise what it ended in."""
        while not self.done():
            self._processes.wait()
        return super().result(timeout)


class _Call(NamedTuple):
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class _RemoteError(Exception):
    """Where in another process an error came from."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class _Process:
    """This side of a process: its number and the line to it."""

    def __init__(self, number: int, line: socket.socket) -> None:
        self._number = number
        self.line = line

    def send(self, call: _Call) -> None:
        _send(self.line, call)

    def receive(self) -> tuple[bool, Any, str]:
        """Return whether it succeeded, what came of it, and the traceback if it did not."""
        answer: tuple[bool, Any, str] = _receive(self.line)
        return answer

    def kill(self) -> None:
        os.kill(self._number, signal.SIGKILL)

    def ends_before(self, deadline: float) -> bool:
        """Wait for its end; tell whether it came in time."""
        while os.waitpid(self._number, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(_TICK)
        self.line.close()
        return True

    def wait(self) -> str:
        """Wait for its end and return how it ended."""
        self.line.close()
        _, status = os.waitpid(self._number, 0)
        if os.WIFSIGNALED(status):
            return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"ended with status {os.WEXITSTATUS(status)}"


def _start(
    begin: Callable[[], None] | None, end: Callable[[], None] | None, inherited: list[socket.socket]
) -> _Process:
    ours, theirs = socket.socketpair()
    with theirs:
        number = parent_death.fork(lambda: _serve(theirs, begin, end, [ours, *inherited]))
    return _Process(number, ours)


def _serve(
    line: socket.socket,
    begin: Callable[[], None] | None,
    end: Callable[[], None] | None,
    inherited: list[socket.socket],
) -> None:
    """Do what is asked for until the other side hangs up."""
    progress.mute()
    for other in inherited:
        other.close()
    if begin:
        begin()
    with suppress(EOFError, ConnectionError):
        while True:
            call: _Call = _receive(line)
            try:
                answer = True, call.fn(*call.args, **call.kwargs), ""
            except Exception as error:
                answer = False, error, traceback.format_exc()
            try:
                _send(line, answer)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                _send(line, (False, RuntimeError(f"what came of it cannot be sent: {error}"), answer[2]))
    if end:
        end()


def _kill(alive: list[_Process]) -> None:
    while alive:
        process = alive.pop()
        process.kill()
        process.wait()


def _send(line: socket.socket, message: Any) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    line.sendall(len(data).to_bytes(_HEADER, "little") + data)


def _receive(line: socket.socket) -> Any:
    """Return the next message; raises EOFError where the other side has gone."""
    size = int.from_bytes(_read(line, _HEADER), "little")
    return pickle.loads(_read(line, size))


def _read(line: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = line.recv_into(view)
        if not got:
            raise EOFError
        view = view[got:]
    return data
