"""The model against what was measured, one call at a time."""

from __future__ import annotations

import pytest

from mremapcheck.linux.versions.version import KernelVersion
from tests.model.facts import FACTS, MEASURED
from tests.model.helpers import execute, told


def expected_on(kernel: str, expected: dict[str, str | None]) -> str | None:
    """Return the last entry that began with this kernel or before."""
    version = KernelVersion.parse(kernel)
    found: str | None = None
    for first, text in expected.items():
        if version >= KernelVersion.parse(first):
            found = text
    return found


def seen(kernel: str, name: str) -> str:
    fact = FACTS[name]
    execution = execute(kernel, fact.scenario)
    assert execution.outcome is not None, execution.reason
    outcome = execution.outcome
    if fact.show == "errno":
        return str(outcome.moves[-1].errno)
    if fact.show == "layout_errno":
        return (f"{outcome.moves[-1].errno} " if outcome.moves[-1].errno else "") + told(execution, "layout")
    if fact.show == "result layout":
        return f"{outcome.moves[-1].errno or outcome.moves[-1].result} {told(execution, 'layout')}"
    if fact.show == "moves all":
        drawings = " ".join(f"{region}={drawing}" for region, drawing in outcome.regions.items())
        return f"{told(execution, 'moves')} {drawings}"
    return told(execution, fact.show)


@pytest.mark.parametrize("name", FACTS)
def test_the_model_agrees_with_what_was_measured(name: str) -> None:
    wrong = {}
    for kernel in MEASURED:
        expected = expected_on(kernel, FACTS[name].expected)
        if expected is not None and (got := seen(kernel, name)) != expected:
            wrong[kernel] = f"{got!r} and not {expected!r}"
    assert wrong == {}
