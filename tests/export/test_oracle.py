"""What is expected of each kernel: as it is written, or as the model has it."""

from __future__ import annotations

import pytest

from mremapcheck.convert.export.oracle import modelled, open_models, written
from mremapcheck.convert.export.words import drawing_text, expected_facts, layout_text, seen_facts
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.stops import turning_points
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_file

UFFD_FIRST = load_file(shipped() / "multi" / "uffd-first.yaml").scenarios[0]


def test_the_model_tells_the_eras_that_the_scenario_tells() -> None:
    points = turning_points()
    (eras,) = modelled([UFFD_FIRST], points, open_models(points))
    assert [era.kernel for era in eras] == [str(era.kernel) for era in written(UFFD_FIRST)]
    for said, known in zip(written(UFFD_FIRST), eras, strict=True):
        assert set(said.facts) <= set(known.facts)


@pytest.mark.parametrize("version", ["5.4", "6.1.2", "6.1.3", "6.12.116", "6.12.117", "6.16", "6.17-rc2", "7.3"])
def test_every_kernel_finds_exactly_what_its_model_does(version: str) -> None:
    """Also between the turning points, and where a stable update is ahead of later releases."""
    points = turning_points()
    path = shipped() / "lock"
    scenarios = [scenario for file in sorted(path.glob("*.yaml")) for scenario in load_file(file).scenarios]
    for scenario, eras in zip(scenarios, modelled(scenarios, points, open_models(points)), strict=True):
        held = [era for era in eras if KernelVersion.parse(version) in KernelRange.parse(era.kernel)]
        (execution,) = ModelExecutor(resolve(version)).run([scenario])
        if execution.outcome is None:
            assert held == []
        else:
            (era,) = held
            assert era.facts == tuple(seen_facts(execution.outcome, events=False))


def test_facts_of_an_expectation_are_what_it_is_judged_by() -> None:
    (execution,) = ModelExecutor(resolve("6.16")).run([UFFD_FIRST])
    assert execution.outcome
    result = judge(UFFD_FIRST, execution, KernelVersion.parse("6.16"))
    assert result.status == "pass"
    (entry,) = result.expected
    assert set(expected_facts(entry, 1)) <= set(seen_facts(execution.outcome))


def test_drawings_and_layouts_in_words() -> None:
    assert drawing_text("AAB..") == "AAB"
    assert drawing_text("..") == "."
    assert drawing_text("A" * 17 + "B" * 16) == "A{17}" + "B" * 16
    assert layout_text(((0, 3), (-2, 1))) == "0+3 -2+1"
    assert layout_text(()) == "no mapping"
