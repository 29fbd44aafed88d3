"""Scenarios spread over several processes, and several kernels asked at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from queue import Queue
from threading import BoundedSemaphore, Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING

from mremapcheck.executors.process_pool import ProcessPool

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor, Kernel
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario

#: Scenarios that a process takes at a time.
_CHUNK = 16


class Parallel:
    """An executor made of ``jobs`` processes, each with an executor of its own; the order of the results stays."""

    def __init__(self, opener: Callable[[], Executor], jobs: int) -> None:
        """Start the processes; one opens its executor to tell the kernel. Raises what that raises."""
        self._processes = ProcessPool(jobs, lambda: _begin(opener), _end)
        try:
            self._kernel: Kernel = self._processes.submit(_tell_kernel).result()
        except BaseException:
            self._processes.stop()
            raise

    @property
    def kernel(self) -> Kernel:
        """The kernel that all of them ask."""
        return self._kernel

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Yield what became of each scenario, in order."""
        todo = list(scenarios)
        pieces = [todo[start : start + _CHUNK] for start in range(0, len(todo), _CHUNK)]
        answers = [self._processes.submit(_run_chunk, piece) for piece in pieces]
        try:
            for answer in answers:
                yield from answer.result()
        finally:
            for answer in answers:
                answer.cancel()

    def __enter__(self) -> Parallel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.__exit__(kind, error, trace)


# What a process of Parallel has: how to open its executor, and the executor once it was wanted.
_opener: Callable[[], Executor]
_stack = ExitStack()
_executor: Executor | None = None


def _begin(opener: Callable[[], Executor]) -> None:
    global _opener
    _opener = opener


def _opened() -> Executor:
    global _executor
    if _executor is None:
        _executor = _stack.enter_context(_opener())
    return _executor


def _tell_kernel() -> Kernel:
    return _opened().kernel


def _run_chunk(scenarios: list[Scenario]) -> list[Execution]:
    return list(_opened().run(scenarios))


def _end() -> None:
    _stack.close()


def lockstep(executors: Sequence[Executor], scenarios: Sequence[Scenario]) -> Iterator[tuple[Execution, ...]]:
    """Yield what each executor made of each scenario; real kernels boot and run at the same time.

    The executors must have been entered. An error of one of them is raised as soon as its turn comes.
    """
    slow = sum(executor.kernel.is_real for executor in executors)
    with ExitStack() as stack:
        streams = []
        for executor in executors:
            if slow > 1 and executor.kernel.is_real:
                streams.append(stack.enter_context(_Ahead(executor, scenarios)))
            else:
                streams.append(executor.run(scenarios))
        yield from zip(*streams, strict=True)


#: As many kernels run side by side here as there are cores; more would only make each run out of patience.
_turns = BoundedSemaphore(os.cpu_count() or 1)


class _Ahead:
    """Runs an executor in a thread of its own; iterating gives its results."""

    def __init__(self, executor: Executor, scenarios: Sequence[Scenario]) -> None:
        self._queue: Queue[Execution | BaseException | None] = Queue()
        self._stop = Event()
        self._thread = Thread(target=self._work, args=(executor, scenarios), daemon=True)

    def _work(self, executor: Executor, scenarios: Sequence[Scenario]) -> None:
        try:
            with _turns if executor.kernel.is_here else nullcontext():
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
