"""What is expected of each kernel, for a scenario that does not say it itself: what the model does, era by era."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mremapcheck.convert.export.words import Fact, expected_facts, seen_facts
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Executor
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mremap, UffdRegister


class ExpectedFacts(NamedTuple):
    """Facts that hold for the kernels of a range, written as in ``expect``."""

    kernel: str
    facts: tuple[Fact, ...]


def written(scenario: Scenario) -> list[ExpectedFacts]:
    """Return what the scenario itself expects, as far as a program in C can look at it."""
    moves = sum(isinstance(operation, Mremap) for operation in scenario.script)
    wanted = [ExpectedFacts(str(entry.kernel), tuple(expected_facts(entry, moves))) for entry in scenario.expect]
    return [each for each in wanted if each.facts]


def open_models(points: Sequence[KernelVersion]) -> list[Executor]:
    """Return a model for each release."""
    return [ModelExecutor(resolve(str(point))) for point in points]


def modelled(
    scenarios: Sequence[Scenario], points: Sequence[KernelVersion], models: Sequence[Executor]
) -> list[list[ExpectedFacts]]:
    """Return for each scenario what the models do, neighbours that agree folded into one range of kernels."""
    runs = [model.run(scenarios) for model in models]
    return [_fold(scenario, points, map(next, runs)) for scenario in scenarios]


def _fold(scenario: Scenario, points: Sequence[KernelVersion], cells: Iterable[Execution]) -> list[ExpectedFacts]:
    events = any(
        isinstance(operation, UffdRegister) and operation.mode.endswith("events") for operation in scenario.operations
    )
    eras: list[tuple[int, tuple[Fact, ...]]] = []
    for index, cell in enumerate(cells):
        facts = tuple(seen_facts(cell.outcome, events)) if cell.outcome else ()
        if not eras or eras[-1][1] != facts:
            eras.append((index, facts))
    wanted = []
    for position, (first, facts) in enumerate(eras):
        bounds = [] if first == 0 else [f">={exact(points[first])}"]
        if position + 1 < len(eras):
            bounds.append(f"<{exact(points[eras[position + 1][0]])}")
        if facts:
            wanted.append(ExpectedFacts(", ".join(bounds) or "*", facts))
    return wanted


def exact(version: KernelVersion) -> str:
    """Return a bound that means this very version and not its series."""
    return str(version) if version.stable or version.rc else f"{version}.0"
