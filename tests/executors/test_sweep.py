"""Sweeps over an executor whose allocations have other numbers every time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mremapcheck.compare.allowed import held
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.sweep import sweep
from mremapcheck.outcome.outcome import Execution, RanOut
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mremap
from tests.model.helpers import F, M, move, scene, starved

ONTO = scene(move("src", 4, 4, F, "dst"), src="A.B.", dst="XXXXX")


class Padded:
    """A model whose calls make ``padding`` more allocations before each of its own, which nobody misses."""

    def __init__(self, kernel: str, padding: int) -> None:
        self._model = ModelExecutor(resolve(kernel))
        self.kernel = self._model.kernel
        self._padding = padding
        self.runs = 0

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        for scenario in scenarios:
            self.runs += 1
            yield self._execute(scenario)

    def _execute(self, scenario: Scenario) -> Execution:
        last = scenario.script[-1] if scenario.script else None
        n = last.fail_nth if isinstance(last, Mremap) else 0
        own, more = divmod(n, self._padding + 1)
        if n == 0 or more == 0:
            return self._model.execute(starved(scenario, own) if n else scenario)
        if self._model.execute(starved(scenario, own + 1)).ran_out is None:
            return self._model.execute(starved(scenario, own + 1))
        usual = self._model.execute(starved(scenario, 0))
        return Execution("ran", usual.outcome, None, (), RanOut())

    def __enter__(self) -> Padded:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


def told(executor: Padded | ModelExecutor, scenario: Scenario, rounds: int = 1) -> list[tuple[object, ...]]:
    (swept,) = sweep(executor, [scenario], rounds)
    assert swept.status == "ran"
    return [each.key for each in swept.moves[0].all()]


@settings(max_examples=25)
@given(st.integers(0, 40), st.sampled_from(["6.12", "6.16", "6.17", "7.3"]), st.integers(1, 3))
def test_numbers_mean_nothing(padding: int, kernel: str, rounds: int) -> None:
    assert told(Padded(kernel, padding), ONTO, rounds) == told(ModelExecutor(resolve(kernel)), ONTO)


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["6.12", "7.3"]))
def test_builds_that_differ_in_numbers_only_give_the_same_report(one: int, other: int, kernel: str) -> None:
    assert report(Padded(kernel, one)) == report(Padded(kernel, other))


def report(executor: Padded) -> str:
    """Return the report as JSON; no number of an allocation is in it."""
    (swept,) = sweep(executor, [ONTO], 2)
    return json.dumps(held(ONTO, swept, None, ()).to_json())


def test_a_sweep_ends_where_nothing_failed() -> None:
    executor = Padded("7.3", 0)
    (swept,) = sweep(executor, [scene(move("src", 1, 1), src="A")])
    assert (swept.status, swept.seen, executor.runs) == ("ran", 0, 6)


def test_each_scenario_is_told_in_order() -> None:
    scenarios = [ONTO, scene(move("src", 1, 2, M), src="A."), scene(move("src", 1, 1), src="."), ONTO] * 9
    swept = list(sweep(ModelExecutor(resolve("7.3")), scenarios))
    assert [each.scenario for each in swept] == scenarios
    assert [each.status for each in swept] == ["ran"] * 36


@pytest.mark.parametrize(
    ("scenario", "kernel", "source", "destination", "half"),
    [
        (scene(move("src", 2, 2, F, "dst"), src="AA", dst=".."), "7.3", False, False, False),
        (scene(move("src", 2, 2, F, "dst"), src="AA", dst="XX"), "7.3", False, True, False),
        (scene(move("src", 3, 3, F, "dst"), src="A.B", dst="XXX"), "6.16", False, True, False),
        (scene(move("src", 3, 3, F, "dst"), src="A.B", dst="XXX"), "6.17", False, True, True),
        (scene(move("src", 3, 1, F, "dst"), src="AAA", dst="."), "7.3", True, False, False),
        (scene(move("src", 3, 1), src="AAA"), "7.3", False, False, False),
        (scene(move("src", 1, 3, M), src="AX"), "7.3", False, False, False),
    ],
)
def test_losses(scenario: Scenario, kernel: str, source: bool, destination: bool, half: bool) -> None:
    (swept,) = sweep(ModelExecutor(resolve(kernel)), [scenario])
    losses = swept.moves[0].losses
    assert (losses.source, losses.destination, losses.half_moved) == (source, destination, half)


def test_a_copy_that_is_taken_back_leaves_no_trace() -> None:
    """Locked memory, accounting and mappings are as before where the page tables of the copy could not be had."""
    scenario = scene(move("src", 2, 2, F, "dst"), src="AA", dst="..", vmas={"A": {"lock": True}})
    (swept,) = sweep(ModelExecutor(resolve("7.3")), [scenario])
    (refused,) = [each.outcome for each in swept.moves[0].all() if each.move.errno]
    before = swept.moves[0].before
    assert (refused.counters, refused.mappings, refused.contents) == (before.counters, before.mappings, before.contents)
