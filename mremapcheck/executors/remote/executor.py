"""What executors at the far end of a line have in common: scenarios go out ahead, answers come back in order."""

from __future__ import annotations

import marshal
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.progress import Line
from mremapcheck.executors.live.executor import blame
from mremapcheck.executors.live.plan import CannotRun, Prepared, prepare
from mremapcheck.executors.live.result_decoder import ResultDecoder
from mremapcheck.executors.live.supervisor import WorkerEnded
from mremapcheck.executors.live.wire import Plan
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.messages import read_observation
from mremapcheck.executors.remote.peer import Peer, PeerEnded
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario

#: Seconds beyond a scenario's own time after which a silent far end is given up.
GRACE = 15.0
#: What comes of reading an answer that makes no sense.
_NO_SENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, StopIteration)


@dataclass(slots=True)
class Task:
    """A scenario on its way: its number at the far end, and how many guests died of it or of one of its batch."""

    prepared: Prepared
    number: int = -1
    deaths: int = 0


class RemoteExecutor(ABC):
    """Keeps up to ``window`` scenarios on their way, and takes more when no more than ``refill`` are left."""

    window = 64
    refill = 32

    #: Where scenarios are run, for messages.
    place = "on the other side"

    #: Where user space ends there, in bytes; None: where it does here.
    user_end: int | None = None

    def __init__(self, reference: str, timeout: float, platform: Platform = USUAL) -> None:
        self._reference = reference
        self._timeout = timeout
        self._line = Line(reference)
        self._platform = platform
        self._interpreter = ResultDecoder(platform)
        self._numbers = 0
        #: Answers that are not asked for yet: number -> kind, what it is, what the kernel said.
        self._answers: dict[int, tuple[int, Any, list[str]]] = {}

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Run the scenarios in order; reads up to ``window`` of them ahead. Raises ExecutorError."""
        queue: deque[Task | Execution] = deque()
        source = iter(scenarios)
        more, done = True, 0
        try:
            while True:
                if more and len(queue) <= self.refill:
                    more = self._fill(queue, source)
                if not queue:
                    return
                first = queue[0]
                if isinstance(first, Task):
                    execution = self._answer([waiting for waiting in queue if isinstance(waiting, Task)])
                else:
                    execution = first
                if execution is not None:
                    queue.popleft()
                    done += 1
                    self._line.say(f"{done:,} scenario{'' if done == 1 else 's'}")
                    yield execution
        finally:
            if any(isinstance(left, Task) for left in queue):
                self._give_up()
            self._line.clear()

    def _fill(self, queue: deque[Task | Execution], source: Iterator[Scenario]) -> bool:
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

    def _send_plans(self, peer: Peer, tasks: list[Task]) -> None:
        plans = []
        for task in tasks:
            task.number = self._numbers
            self._numbers += 1
            plan = task.prepared.plan
            plans.append((task.number, self._most_maps(plan), marshal.dumps(plan.to_wire(), 2), plan.committed))
        peer.send(frames.PLANS, plans)

    def _receive(self, peer: Peer, number: int) -> tuple[int, Any, list[str]]:
        """Return the answer to a plan; raise PeerEnded where there is none, and what ``_look_at`` raises."""
        while number not in self._answers:
            kind, values = peer.receive(self._timeout + GRACE, self._line.tick)
            if kind not in (frames.RESULTS, frames.DIED):
                raise PeerEnded(f"{peer.who} sent nonsense: a message of kind {kind} for an answer", peer.log())
            answers, log = values
            self._look_at(log)
            for answered, answer in answers:
                if answered >= self._numbers:
                    raise PeerEnded(f"{peer.who} sent nonsense: an answer to nothing that was asked", log)
                self._answers[answered] = kind, answer, log
        return self._answers.pop(number)

    def _read(self, peer: Peer, prepared: Prepared, kind: int, what: Any) -> Execution:
        """Return what an answer says; raise PeerEnded where it makes no sense, ExecutorError where nothing can run."""
        if kind == frames.DIED:
            return blame(prepared, WorkerEnded(*what), self._timeout)
        try:
            observation = read_observation(what)
            if len(observation) != 2:
                return self._interpreter.execution(prepared, observation)
            word, text = observation
        except _NO_SENSE as error:
            raise PeerEnded(f"{peer.who} sent nonsense: {error}", peer.log()) from None
        if word == "unusable":
            message, _, hint = text.partition("\n")
            raise ExecutorError(f"{self._reference}: scenarios cannot be run {self.place}: {message}", hint)
        return Execution("error", None, f"the worker failed: {text}")

    def _most_maps(self, plan: Plan) -> int:
        """Return what vm.max_map_count a plan needs; 0: as it is."""
        return 0

    @abstractmethod
    def _look_at(self, log: list[str]) -> None:
        """Look at what the kernel said with an answer; raise where that makes the answer worthless."""

    @abstractmethod
    def _send(self, tasks: list[Task]) -> None:
        """Send tasks on their way, or leave them to ``_answer``."""

    @abstractmethod
    def _answer(self, tasks: list[Task]) -> Execution | None:
        """Return what came of the first of the tasks on their way; None where it has to be run again."""

    @abstractmethod
    def _give_up(self) -> None:
        """Forget what is on its way: nobody wants these answers any more."""
