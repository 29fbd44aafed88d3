"""What executors at the far end of a line have in common: plans go out as messages, and no answer is trusted."""

from __future__ import annotations

import marshal
from abc import abstractmethod
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.progress import Line
from mremapcheck.base.text.terminal import counted
from mremapcheck.executors.live.executor import blame
from mremapcheck.executors.live.plan import Prepared
from mremapcheck.executors.live.supervisor import WorkerEnded
from mremapcheck.executors.live.window import Task, WindowedExecutor
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


class RemoteExecutor(WindowedExecutor):
    """Sends plans along a line to a peer, and makes sure of what comes back."""

    #: Where scenarios are run, for messages.
    place = "on the other side"

    def __init__(self, reference: str, timeout: float, platform: Platform = USUAL) -> None:
        super().__init__(platform)
        self._reference = reference
        self._timeout = timeout
        self._line = Line(reference)
        self._numbers = 0
        #: Answers that are not asked for yet: number -> kind, what it is, what the kernel said.
        self._answers: dict[int, tuple[int, Any, list[str]]] = {}

    def run(self, scenarios: Iterable[Scenario]) -> Generator[Execution]:
        """Run the scenarios in order, and count them on a terminal. Raises ExecutorError."""
        try:
            with closing(super().run(scenarios)) as executions:
                for done, execution in enumerate(executions, 1):
                    self._line.say(counted(done, "scenario"))
                    yield execution
        finally:
            self._line.clear()

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

    def _read_answer(self, peer: Peer, prepared: Prepared, kind: int, what: Any) -> Execution:
        """Return what an answer says; raise PeerEnded where it makes no sense, ExecutorError where nothing can run."""
        if kind == frames.DIED:
            return blame(prepared, WorkerEnded(*what), self._timeout)
        try:
            return self._read(prepared, read_observation(what))
        except _NO_SENSE as error:
            raise PeerEnded(f"{peer.who} sent nonsense: {error}", peer.log()) from None

    def _unusable(self, message: str, hint: str) -> ExecutorError:
        return ExecutorError(f"{self._reference}: scenarios cannot be run {self.place}: {message}", hint)

    def _most_maps(self, plan: Plan) -> int:
        """Return what vm.max_map_count a plan needs; 0: as it is."""
        return 0

    @abstractmethod
    def _look_at(self, log: list[str]) -> None:
        """Look at what the kernel said with an answer; raise where that makes the answer worthless."""
