"""Executors that ask another process: scenarios go out ahead of their turn, answers come back in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live.plan import CannotRun, Prepared, prepare
from mremapcheck.executors.live.result_decoder import ResultDecoder
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario


@dataclass(slots=True, eq=False)
class Task:
    """A scenario on its way: its number at the far end, and how many guests died of it or of one of its batch."""

    prepared: Prepared
    number: int = -1
    deaths: int = 0


#: What is on its way, in order, and what is known already.
Queue = deque[Task | Execution]


def waiting(queue: Queue) -> list[Task]:
    """Return what of a queue is on its way."""
    return [each for each in queue if isinstance(each, Task)]


class WindowedExecutor(ABC):
    """Keeps up to ``window`` scenarios on their way, and takes more when no more than ``refill`` are left."""

    window = 64
    refill = 32

    #: Where user space ends there, in bytes; None: where it does here.
    user_end: int | None = None

    def __init__(self, platform: Platform = USUAL) -> None:
        self._platform = platform
        self._decoder = ResultDecoder(platform)

    def run(self, scenarios: Iterable[Scenario]) -> Generator[Execution]:
        """Run the scenarios in order, one ``run`` at a time; reads up to ``window`` of them ahead."""
        queue: Queue = deque()
        source = iter(scenarios)
        more = True
        try:
            while True:
                if more and len(queue) <= self.refill:
                    more = self._fill(queue, source)
                if not queue:
                    return
                first = queue[0]
                execution = self._answer(queue, first) if isinstance(first, Task) else first
                if execution is not None:
                    queue.popleft()
                    yield execution
        finally:
            if waiting(queue):
                self._give_up()

    def _fill(self, queue: Queue, source: Iterator[Scenario]) -> bool:
        """Take scenarios until the window is full, and send them; tell whether there may be more."""
        tasks = []
        more = True
        while len(queue) < self.window:
            scenario = next(source, None)
            if scenario is None:
                more = False
                break
            try:
                task = Task(prepare(scenario, self._platform, self.user_end))
            except CannotRun as error:
                queue.append(Execution("skip", None, str(error)))
            else:
                queue.append(task)
                tasks.append(task)
        if tasks:
            self._send(tasks)
        return more

    def _read(self, prepared: Prepared, observation: Any) -> Execution:
        """Return what a worker saw, or how it failed; raise ExecutorError where no worker can run anything."""
        if len(observation) != 2:
            return self._decoder.execution(prepared, observation)
        word, text = observation
        if word == "unusable":
            message, _, hint = text.partition("\n")
            raise self._unusable(message, hint)
        return Execution("error", None, f"the worker failed: {text}")

    @abstractmethod
    def _unusable(self, message: str, hint: str) -> ExecutorError:
        """Return what to say where no scenario can be run."""

    @abstractmethod
    def _send(self, tasks: list[Task]) -> None:
        """Send tasks on their way, or leave them to ``_answer``."""

    @abstractmethod
    def _answer(self, queue: Queue, first: Task) -> Execution | None:
        """Return what came of the first of the queue; None where it has to be run again, or the queue says it now."""

    @abstractmethod
    def _give_up(self) -> None:
        """Forget what is on its way: nobody wants these answers any more."""
