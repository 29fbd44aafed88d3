"""Sweeps: each move of a scenario again and again, the first allocation failing, then the second, until none is left.

Every run starts from scratch, so one sweep serves all executors: a kernel lets the n-th allocation of the call fail, a
model the n-th place where a step allocates. The numbers themselves mean nothing: they differ between builds, and a
kernel now and then makes an allocation more. So runs go in strides, beyond the first one in which nothing failed, and
with ``rounds`` over all of it again as long as that brings anything new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mremapcheck.outcome.possible import PossibleOutcomes
from mremapcheck.scenario.operations import Mremap

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario

#: Allocations that are made to fail before anybody looks whether there are more: at first, and at most.
_STRIDE, _LONGEST_STRIDE = 4, 16
#: More than any call makes: a kernel that goes on failing does not count.
_MOST = 4096
#: Scenarios that are swept side by side.
_SIDE_BY_SIDE = 16
#: So often at most a real kernel is swept for one report.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of sweeping a scenario: a list of outcomes for each of its moves, or the reason why there is none.

    ``seen``: how many runs an allocation failed in.
    """

    scenario: Scenario
    status: Literal["ran", "skip", "error"]
    reason: str | None = None
    moves: tuple[PossibleOutcomes, ...] = ()
    seen: int = 0


def sweep(executor: Executor, scenarios: Iterable[Scenario], rounds: int = 1) -> Iterator[Sweep]:
    """Sweep the scenarios, in order; at most ``rounds`` times each. Raises ExecutorError as executors do."""
    source = iter(scenarios)
    while group := list(islice(source, _SIDE_BY_SIDE)):
        yield from _sweep(executor, group, rounds)


@dataclass(slots=True)
class _MoveSweep:
    """One move of a scenario and how far its sweep has come."""

    scenario: Scenario
    index: int
    place: int
    outcomes: PossibleOutcomes | None = None
    stop: tuple[Literal["skip", "error"], str] | None = None
    next: int = 1
    rounds: int = 0
    known: int = 0
    failed: int = 0
    usual: Execution | None = field(default=None)

    @property
    def stride(self) -> range:
        """Which allocations are to fail next."""
        length = min(max(_STRIDE, self.next - 1), _LONGEST_STRIDE)
        return range(self.next, self.next + length)

    def at(self, n: int) -> Scenario:
        """Return the scenario up to this move, whose ``n``-th allocation fails."""
        script = self.scenario.script
        move = script[self.place]
        assert isinstance(move, Mremap)
        return replace(self.scenario, script=(*script[: self.place], replace(move, fail_nth=n)))

    def begin(self, before: Execution, usual: Execution) -> None:
        """Take what there is before the move, and what it does while there is memory."""
        for execution in (before, usual):
            if execution.outcome is None:
                self.stop = ("skip" if execution.status == "skip" else "error"), execution.reason or ""
                return
        move = self.scenario.script[self.place]
        assert isinstance(move, Mremap) and before.outcome and usual.outcome
        self.outcomes = PossibleOutcomes(self.index, move, before.outcome)
        self.outcomes.add(usual.outcome, None)

    def take(self, executions: Sequence[Execution], rounds: int) -> bool:
        """Take in what came of a stride; tell whether another one is needed."""
        outcomes = self.outcomes
        assert outcomes is not None
        last = False
        for execution in executions:
            if execution.status == "skip":
                self.stop = "skip", execution.reason or ""
                return False
            last = execution.ran_out is not None
            if execution.outcome is None:
                outcomes.complain(execution.kernel_log)
                outcomes.troubles[(execution.reason or "").partition("\n")[0]] = None
                last = True
            elif last:
                outcomes.add(execution.outcome, execution.ran_out)
                self.failed += 1
        self.next += len(executions)
        if last and self.next < _MOST:
            return True
        self.rounds += 1
        self.next = 1
        fruitless, self.known = len(outcomes.keys) == self.known, len(outcomes.keys)
        return self.rounds < rounds and not fruitless


def _sweep(executor: Executor, group: Sequence[Scenario], rounds: int) -> Iterator[Sweep]:
    points = [
        [_MoveSweep(scenario, index, place) for index, place in enumerate(_places(scenario))] for scenario in group
    ]
    open_ = [point for each in points for point in each]
    first = executor.run(run for point in open_ for run in (_before(point), point.at(0)))
    for point in open_:
        point.begin(next(first), next(first))
    open_ = [point for point in open_ if point.outcomes is not None]
    while open_:
        runs = executor.run(point.at(n) for point in open_ for n in point.stride)
        open_ = [point for point in open_ if point.take([next(runs) for _ in point.stride], rounds)]
    for scenario, moves in zip(group, points, strict=True):
        yield _result(scenario, moves)


def _places(scenario: Scenario) -> list[int]:
    return [place for place, step in enumerate(scenario.script) if type(step) is Mremap]


def _before(point: _MoveSweep) -> Scenario:
    return replace(point.scenario, script=point.scenario.script[: point.place])


def _result(scenario: Scenario, points: Sequence[_MoveSweep]) -> Sweep:
    for point in points:
        if point.stop:
            return Sweep(scenario, *point.stop)
    moves = tuple(point.outcomes for point in points if point.outcomes is not None)
    return Sweep(scenario, "ran", None, moves, sum(point.failed for point in points))
