"""From scenarios to C, with what is expected of each kernel: the scenarios' own word, or else the model's."""

from __future__ import annotations

from collections.abc import Sequence

from mremapcheck.convert.export.oracle import ExpectedFacts, modelled, open_models, written
from mremapcheck.convert.export.pack import Packed
from mremapcheck.convert.export.reproducer import reproducer_text
from mremapcheck.executors.live.plan import CannotRun, prepare
from mremapcheck.executors.model.stops import turning_points
from mremapcheck.scenario.document import Scenario


def reproducer_of(scenario: Scenario) -> str:
    """Return a scenario as a short C program; what it does on each era of kernels is in the comment."""
    return reproducer_text(scenario, _wanted([scenario])[0])


def pack_of(scenarios: Sequence[Scenario]) -> list[Packed]:
    """Return scenarios ready for ``pack_text``; those that no program can run say why."""
    return [pack_one(scenario, wanted) for scenario, wanted in zip(scenarios, _wanted(scenarios), strict=True)]


def pack_one(scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> Packed:
    """Return a scenario with what is ``wanted`` of it; what would harm the program that makes it is left out."""
    try:
        plan = prepare(scenario).plan
    except CannotRun as reason:
        return Packed(scenario, wanted, str(reason))
    return Packed(scenario, wanted, near_zero=plan.near_zero)


def _wanted(scenarios: Sequence[Scenario]) -> list[list[ExpectedFacts]]:
    silent = [index for index, scenario in enumerate(scenarios) if not scenario.expect]
    wanted = [written(scenario) for scenario in scenarios]
    if silent:
        points = turning_points()
        for index, eras in zip(
            silent, modelled([scenarios[index] for index in silent], points, open_models(points)), strict=True
        ):
            wanted[index] = eras
    return wanted
