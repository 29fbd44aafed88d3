"""Which changes a kernel has, whatever its version says: from what it does, by way of the model.

The kernel runs scenarios. First the modelled kernel that does the most of them alike is taken, then its changes
are toggled one at a time as long as that explains more. What is left for each change is to see whether it matters: a
change without which the model would agree just as well cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.progress import Line
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import (
    CHANGES,
    NEWEST,
    OLDEST,
    by_id,
    changes_of,
    ordered,
    with_dependent,
    with_needed,
)
from mremapcheck.executors.model.stops import stops

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor, Kernel
    from mremapcheck.linux.platforms.platform import Platform
    from mremapcheck.outcome.outcome import Execution, Outcome
    from mremapcheck.scenario.document import Scenario

#: Ids of the changes that a kernel has.
Changes: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a kernel, ids of changes in the registry's order.

    ``promised``: what its version says it has, None for a version that the model does not know. ``nearest``: the
    modelled kernel that is most like it, and in how many scenarios (``differing_from_nearest``) it is not.
    ``left_out``: those that it lacks only in that it offers nothing to use them by, as a configuration without them
    does; no code behaves as before. ``unexplained``: scenarios that no set of changes explains. ``compared`` and
    ``skipped`` are numbers of scenarios.
    """

    kernel: Kernel
    promised: tuple[str, ...] | None
    nearest: str
    differing_from_nearest: int
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    untold: tuple[str, ...]
    left_out: tuple[str, ...]
    unexplained: tuple[str, ...]
    compared: int
    skipped: int

    @property
    def gained(self) -> tuple[str, ...]:
        """Changes that it has and neither its version promises nor its boot options stand for: backports, as a rule."""
        if self.promised is None:
            return ()
        expected = {*self.promised, *self.kernel.switched_on}
        return tuple(id_ for id_ in self.has if id_ not in expected)

    @property
    def lost(self) -> tuple[str, ...]:
        """Changes that its version promises and it lacks, whatever its configuration."""
        promised = set(self.promised or ()) - set(self.left_out)
        return tuple(id_ for id_ in self.lacks if id_ in promised)

    @property
    def as_promised(self) -> bool:
        """Tell whether the version number says it all, but for what a configuration may leave out."""
        return self.promised is not None and not (self.gained or self.lost or self.unexplained)

    def has_all(self, changes: Iterable[str]) -> bool:
        """Tell whether it is seen to have all of these changes."""
        return set(changes) <= set(self.has)

    def lacks_any(self, changes: Iterable[str]) -> bool:
        """Tell whether it is seen to lack one of these changes."""
        return not set(changes).isdisjoint(self.lacks)

    def to_json(self) -> dict[str, Any]:
        """Return the ``identify`` document, without its schema's name."""
        return {
            "kernel": self.kernel.to_json(),
            "nearest": {"release": self.nearest, "unlike": self.differing_from_nearest},
            "promised": None if self.promised is None else list(self.promised),
            "has": list(self.has),
            "lacks": list(self.lacks),
            "untold": list(self.untold),
            "gained": list(self.gained),
            "lost": list(self.lost),
            "left_out": list(self.left_out),
            "unexplained": list(self.unexplained),
            "summary": {"compared": self.compared, "skipped": self.skipped},
        }


def identify(executor: Executor, scenarios: Sequence[Scenario]) -> Identity:
    """Run the scenarios on the kernel and find the changes that explain what it did.

    The executor must have been entered.
    """
    line = Line("identify")
    line.say(f"running {len(scenarios)} scenarios")
    try:
        seen = list(zip(scenarios, _ticking(line, executor.run(scenarios)), strict=True))
        line.say("finding the changes that explain what it did")
        return _explained(executor.kernel, _ModelFit(seen, executor.kernel.platform, line))
    finally:
        line.clear()


def _ticking(line: Line, executions: Iterable[Execution]) -> Iterator[Execution]:
    for execution in executions:
        line.tick()
        yield execution


def _explained(kernel: Kernel, fit: _ModelFit) -> Identity:
    promised = _promised(kernel)
    kernels = [(reference, frozenset(resolve(reference).ids)) for reference in map(str, stops())]
    fit.learn_what_kernels_lack(changes for _, changes in kernels)

    # Of kernels that are as like, the one that has the most of what the version promises.
    kernels.sort(key=lambda one: len(one[1] ^ promised) if promised is not None else 0)
    nearest, start = kernels[0]
    for reference, changes in kernels:
        if len(fit.wrong(changes, len(fit.wrong(start)))) < len(fit.wrong(start)):
            nearest, start = reference, changes
    differing_from_nearest = len(fit.wrong(start))
    if start == promised:
        nearest = str(kernel.version)  # which behaves as the stop of the timeline before it
    # What the version promises is where a distribution began; only where that leads nowhere begin with the nearest.
    starts = [start] if promised is None else [promised, start]
    found = min(map(fit.explain, starts), key=lambda changes: len(fit.wrong(changes)))
    told = {change.id for change in CHANGES if fit.matters(found, change.id)}
    ids = [change.id for change in CHANGES]
    lacks = tuple(id_ for id_ in ids if id_ in told and id_ not in found)
    return Identity(
        kernel=kernel,
        promised=None if promised is None else tuple(id_ for id_ in ids if id_ in promised),
        nearest=nearest,
        differing_from_nearest=differing_from_nearest,
        has=tuple(id_ for id_ in ids if id_ in told and id_ in found),
        lacks=lacks,
        untold=tuple(id_ for id_ in ids if id_ not in told),
        left_out=tuple(id_ for id_ in lacks if id_ in (promised or ()) and fit.only_skipped(found, id_)),
        unexplained=tuple(fit.differing(found)),
        compared=fit.compared,
        skipped=fit.skipped,
    )


def _promised(kernel: Kernel) -> Changes | None:
    version = kernel.version
    if version < OLDEST or version.series > NEWEST.series:
        return None
    return frozenset(change.id for change in changes_of(version))


def toggled(changes: Changes, id_: str) -> Changes:
    """Return the changes with one more or less; what it builds on comes along, what builds on it goes with it."""
    change = by_id(id_)
    assert change is not None
    return changes - with_dependent([change]) if id_ in changes else changes | with_needed([change])


def _neighbours(changes: Changes) -> Iterator[Changes]:
    """Yield what is one toggle away."""
    for change in CHANGES:
        yield toggled(changes, change.id)


class _ModelFit:
    """How far models with any changes do what the kernel did; each is asked for each scenario once, when it matters."""

    def __init__(self, seen: Sequence[tuple[Scenario, Execution]], platform: Platform, line: Line) -> None:
        self._line = line
        self._seen = [(scenario, execution) for scenario, execution in seen if execution.status != "error"]
        self._lacks: set[str] = set()
        self._model = lru_cache(maxsize=None)(partial(_model, platform))
        self.agrees = lru_cache(maxsize=None)(self._agrees)

    @property
    def compared(self) -> int:
        """How many scenarios say something about the kernel: they ran, or were skipped for what it lacks."""
        return sum(execution.status == "ran" or execution.reason in self._lacks for _, execution in self._seen)

    @property
    def skipped(self) -> int:
        """How many scenarios the kernel skipped."""
        return sum(execution.status == "skip" for _, execution in self._seen)

    def learn_what_kernels_lack(self, kernels: Iterable[Changes]) -> None:
        """Note the reasons why models skip: a skip for one of them tells a kernel, any other only this machine."""
        skipped = [scenario for scenario, execution in self._seen if execution.status == "skip"]
        for changes in kernels:
            for execution in self._model(changes).run(skipped):
                if execution.status == "skip" and execution.reason:
                    self._lacks.add(execution.reason)

    def wrong(self, changes: Changes, most: int | None = None) -> list[int]:
        """Return the scenarios, by number, in which the model does something else; not many more than ``most``."""
        self._line.tick()
        found: list[int] = []
        for number in range(len(self._seen)):
            if not self.agrees(changes, number):
                found.append(number)
                if most is not None and len(found) > most:
                    break
        return found

    def differing(self, changes: Changes) -> list[str]:
        """Return the names of the scenarios in which the model does something else than the kernel did."""
        return [self._seen[number][0].name for number in self.wrong(changes)]

    def explain(self, changes: Changes) -> Changes:
        """Toggle one change at a time, always the one that explains the most, until none explains more.

        Then two at a time: one may bring what the other alters.
        """
        while wrong := self.wrong(changes):
            for others in (_neighbours(changes), (other for one in _neighbours(changes) for other in _neighbours(one))):
                helping = [other for other in others if any(self.agrees(other, number) for number in wrong)]
                best = min(helping, key=lambda other: len(self.wrong(other, len(wrong))), default=changes)
                if len(self.wrong(best, len(wrong))) < len(wrong):
                    changes = best
                    break
            else:
                break
        return changes

    def matters(self, changes: Changes, id_: str) -> bool:
        """Tell whether the model would be less like the kernel with this change toggled."""
        wrong = len(self.wrong(changes))
        return len(self.wrong(toggled(changes, id_), wrong)) > wrong

    def only_skipped(self, changes: Changes, id_: str) -> bool:
        """Tell whether every scenario that speaks against toggling this change is one that the kernel skipped."""
        before = set(self.wrong(changes))
        distinguishing = [number for number in self.wrong(toggled(changes, id_)) if number not in before]
        return all(self._seen[number][1].status == "skip" for number in distinguishing)

    def _agrees(self, changes: Changes, number: int) -> bool:
        scenario, real = self._seen[number]
        if real.status == "skip" and real.reason not in self._lacks:
            return True
        model = self._model(changes).execute(scenario)
        if real.outcome is None or model.outcome is None:
            return real.status == model.status
        return _alike(real.outcome, model.outcome)


def _model(platform: Platform, changes: Changes) -> ModelExecutor:
    version = NEWEST  # of no meaning: the changes say it all
    return ModelExecutor(
        ModelKernel("identify", version, ordered(change for change in CHANGES if change.id in changes), platform)
    )


def _alike(real: Outcome, model: Outcome) -> bool:
    return real == model or replace(real, kernel_log=()) == model
