"""What of a model was reached: every step of its pipelines, every errno that a step can answer.

The kernel's functions are wrapped in counters, so that nothing depends on what a step chooses to tell a trace.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from mremapcheck.executors.model import errno as errnos
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.pipeline import Pipelines, Step
from mremapcheck.scenario.document import Scenario

_ERRNOS = frozenset(name for name in dir(errnos) if name.startswith("E") and name.isupper())


class StepPlace(NamedTuple):
    """A step at its place: ``step`` is the function's name, ``change`` the id of what put it there (None: the base)."""

    pipeline: str
    step: str
    change: str | None


@dataclass(slots=True)
class Coverage:
    """How often each step of one kernel ran, and each of its errnos was the answer."""

    kernel: str
    steps: Counter[StepPlace] = field(default_factory=Counter)
    branches: Counter[tuple[StepPlace, str]] = field(default_factory=Counter)
    all_steps: set[StepPlace] = field(default_factory=set)
    all_branches: set[tuple[StepPlace, str]] = field(default_factory=set)

    @property
    def missed_steps(self) -> list[StepPlace]:
        """Steps that never ran."""
        return sorted(self.all_steps - self.steps.keys(), key=str)

    @property
    def missed_branches(self) -> list[tuple[StepPlace, str]]:
        """Errnos that a step names and never answered."""
        return sorted(self.all_branches - self.branches.keys(), key=str)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``kernels`` of the ``coverage`` report."""
        return {
            "kernel": self.kernel,
            "steps": [
                {
                    **place._asdict(),
                    "runs": self.steps[place],
                    "errnos": {
                        errno: self.branches[place, errno]
                        for errno in sorted({name for at, name in (*self.all_branches, *self.branches) if at == place})
                    },
                }
                for place in sorted(self.all_steps, key=str)
            ],
        }


class Edited(ModelKernel):
    """A kernel whose steps were replaced: by counting ones, or by wrong ones to see whether that is noticed."""

    __slots__ = ("_edited",)
    _edited: Pipelines

    @classmethod
    def of(cls, kernel: ModelKernel, steps: Pipelines) -> Edited:
        """Return ``kernel`` with these steps; its reference is one of its own, as no two edits are the same."""
        edited = cls(f"{kernel.reference} (edit {next(_EDITS)})", kernel.version, kernel.changes)
        object.__setattr__(edited, "_edited", steps)
        return edited

    def steps(self) -> Pipelines:
        """Return the steps that were given."""
        return self._edited


_EDITS = count(1)


def cover(kernel: ModelKernel, scenarios: Iterable[Scenario]) -> Coverage:
    """Run scenarios on a kernel and return what they reached."""
    coverage = Coverage(kernel.reference)
    steps = kernel.steps()
    counting: Pipelines = {}
    for pipeline, every in steps.items():
        counting[pipeline] = []
        for step in every:
            place = StepPlace(pipeline, step.function.__name__, step.change)
            coverage.all_steps.add(place)
            coverage.all_branches.update((place, errno) for errno in named_errnos(step.function))
            counting[pipeline].append(Step(step.slot, _counted(place, step, coverage), step.change))
    for _ in ModelExecutor(Edited.of(kernel, counting)).run(scenarios):
        pass
    return coverage


@cache
def named_errnos(function: Callable[..., Any]) -> frozenset[str]:
    """Return the errnos that a step's own source names: what it can answer."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in _ERRNOS)


def _counted(place: StepPlace, step: Step, coverage: Coverage) -> Callable[..., Any]:
    def counted(*args: Any) -> Any:
        coverage.steps[place] += 1
        answer = step.function(*args)
        if isinstance(answer, str) and answer in _ERRNOS:
            coverage.branches[place, answer] += 1
        return answer

    return counted


def coverage_lines(coverage: Coverage, scenarios: int) -> Iterator[str]:
    """Yield the coverage for people: each step with its runs and errnos, then what was never reached."""
    width = max(len(f"{place.pipeline}.{place.step}") for place in coverage.all_steps)
    reached = [place for place in sorted(coverage.all_steps, key=str) if coverage.steps[place]]
    for place in reached:
        errnos = [f"{name} {runs:,}" for (at, name), runs in sorted(coverage.branches.items(), key=str) if at == place]
        yield f"{place.pipeline + '.' + place.step:<{width}} {coverage.steps[place]:>10,}  {', '.join(errnos)}".rstrip()
    yield ""
    for place in coverage.missed_steps:
        yield f"never: {place.pipeline}.{place.step}" + (f" ({place.change})" if place.change else "")
    missed_steps = set(coverage.missed_steps)
    for place, name in coverage.missed_branches:
        if place not in missed_steps:
            yield f"never: {name} of {place.pipeline}.{place.step}"
    branches = f"{len(coverage.branches)} errno branches seen, {len(coverage.missed_branches)} not"
    many = "" if scenarios == 1 else "s"
    steps = f"{len(reached)} of {len(coverage.all_steps)} steps"
    yield f"{coverage.kernel}, {scenarios:,} scenario{many}: {steps}, {branches}"
