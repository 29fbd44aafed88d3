"""Every change of the registry is toggled, and a small scenario shows what it does."""

from __future__ import annotations

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import CHANGES, NEWEST, by_id
from mremapcheck.scenario.document import Scenario
from tests.model.changes import CASES, Case
from tests.model.helpers import execute, told


def test_each_change_has_a_scenario() -> None:
    assert {change.id for change in CHANGES} == CASES.keys()


def notes_of(kernel: str, scenario: Scenario, step: str) -> str:
    execution = ModelExecutor(resolve(kernel), trace=True).execute(scenario)
    return " ".join(note.text for note in execution.trace if note.step == step)


def seen(kernel: str, case: Case) -> str:
    """Say what came of it; for what no outcome shows (memory committed), what the trace tells of the step."""
    if case.show == "errno":
        outcome = execute(kernel, case.scenario).outcome
        assert outcome is not None
        return str(outcome.moves[-1].errno)
    if case.show.replace("_", "").isalpha() and "_" in case.show:
        return notes_of(kernel, case.scenario, case.show)
    return told(execute(kernel, case.scenario), case.show)


@pytest.mark.parametrize("id_", CASES)
def test_a_change_does_what_it_says(id_: str) -> None:
    case = CASES[id_]
    change = by_id(id_)
    assert change is not None
    if case.kernel is None and change.release > NEWEST:  # no release that the model knows has it yet
        kernel, other = f"{NEWEST}+{id_}", str(NEWEST)
    else:
        kernel = case.kernel or str(change.release)
        other = f"{kernel}-{id_}"
    assert id_ in resolve(kernel).ids
    without = seen(other, case)
    with_ = seen(kernel, case)
    assert (without, with_) == (case.without, case.with_)
    assert without != with_
