"""Scenarios spread over several processes, and several kernels asked at the same time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.util import Finalize
from queue import Queue
from signal import SIG_DFL, SIG_IGN, SIGHUP, SIGINT, SIGTERM, signal
from threading import BoundedSemaphore, Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor, Kernel
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario

#: Scenarios that a process takes at a time.
_CHUNK = 16


class Parallel:
    """An executor made of ``jobs`` processes, each with an executor of its own; the order of the results stays."""

    def __init__(self, opener: Callable[[], Executor], jobs: int) -> None:
        """Open one executor for a moment, to know the kernel; raises what that raises."""
        self._opener = opener
        self._jobs = jobs
        with opener() as executor:
            self._kernel = executor.kernel

    @property
    def kernel(self) -> Kernel:
        """The kernel that all of them ask."""
        return self._kernel

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Yield what became of each scenario, in order."""
        todo = list(scenarios)
        pieces = [todo[start : start + _CHUNK] for start in range(0, len(todo), _CHUNK)]
        # Forked before any thread or worker of ours exists, so the scenarios need not be sent.
        context = multiprocessing.get_context("fork")
        with context.Pool(min(self._jobs, len(pieces)) or 1, _begin, (self._opener, pieces)) as pool:
            for executions in pool.imap(_carry, range(len(pieces))):
                yield from executions
            pool.close()
            pool.join()

    def __enter__(self) -> Parallel:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


_opener: Callable[[], Executor]
_pieces: list[list[Scenario]]
_executor: Executor | None = None


def _begin(opener: Callable[[], Executor], pieces: list[list[Scenario]]) -> None:
    """Set a process up; it only opens its executor with the first piece, as an error here would not be reported."""
    global _opener, _pieces
    _opener, _pieces = opener, pieces
    signal(SIGINT, SIG_IGN)  # Ctrl-C is for the process that reports
    signal(SIGTERM, SIG_DFL)  # and this is how it ends the others
    signal(SIGHUP, SIG_DFL)


def _carry(index: int) -> list[Execution]:
    global _executor
    if _executor is None:
        _executor = _opener().__enter__()
        Finalize(None, _executor.__exit__, (None, None, None), exitpriority=10)
    return list(_executor.run(_pieces[index]))


def lockstep(executors: Sequence[Executor], scenarios: Sequence[Scenario]) -> Iterator[tuple[Execution, ...]]:
    """Yield what each executor made of each scenario; real kernels boot and run at the same time.

    The executors must have been entered. An error of one of them is raised as soon as its turn comes.
    """
    slow = sum(executor.kernel.executor in ("live", "vm") for executor in executors)
    with ExitStack() as stack:
        streams = []
        for executor in executors:
            if slow > 1 and executor.kernel.executor in ("live", "vm"):
                streams.append(stack.enter_context(_Ahead(executor, scenarios)))
            else:
                streams.append(executor.run(scenarios))
        yield from zip(*streams, strict=True)


#: As many kernels run side by side as there are cores; more would only make each run out of patience.
_turns = BoundedSemaphore(os.cpu_count() or 1)


class _Ahead:
    """Runs an executor in a thread of its own; iterating gives its results."""

    def __init__(self, executor: Executor, scenarios: Sequence[Scenario]) -> None:
        self._queue: Queue[Execution | BaseException | None] = Queue()
        self._stop = Event()
        self._thread = Thread(target=self._work, args=(executor, scenarios), daemon=True)

    def _work(self, executor: Executor, scenarios: Sequence[Scenario]) -> None:
        try:
            with _turns:
                for execution in () if self._stop.is_set() else executor.run(scenarios):
                    if self._stop.is_set():
                        return
                    self._queue.put(execution)
            self._queue.put(None)
        except BaseException as error:
            self._queue.put(error)

    def __enter__(self) -> Iterator[Execution]:
        self._thread.start()
        return self._results()

    def __exit__(self, *exc: object) -> None:
        self._stop.set()

    def _results(self) -> Iterator[Execution]:
        while (execution := self._queue.get()) is not None:
            if isinstance(execution, BaseException):
                raise execution
            yield execution
