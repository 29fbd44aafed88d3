"""What the tests of real kernels let pass and what not: models stand for the kernels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from tests import shipped
from tests.vm.agreement import Agreement, agreement, is_newer, recorded_versions

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
NEWER = KernelVersion.parse("6.16.200")
RECORDED = [KernelVersion.parse(text) for text in ("6.12.107", "6.16.12", "7.3.4")]


@cache
def scenarios() -> list[Scenario]:
    return list(shipped.scenarios("multi"))


def seen(reference: str) -> list[Execution]:
    with ModelExecutor(resolve(reference)) as model:
        return list(model.run(scenarios()))


def held(version: KernelVersion, executions: list[Execution]) -> Agreement:
    kernel = Kernel("vm:fake", "vm", str(version), version)
    return agreement(kernel, scenarios(), executions, RECORDED)


def test_a_release_that_does_what_it_promises() -> None:
    assert held(NEWER, seen("6.16.200")) == Agreement(())
    assert held(RECORDED[1], seen("6.16.12")) == Agreement(())


def test_a_known_change_may_have_come_to_a_newer_release_only() -> None:
    executions = seen("6.16.200+multi-vma-move")
    assert held(NEWER, executions) == Agreement((), ("multi-vma-move",))
    assert held(RECORDED[1], executions).differences
    assert held(KernelVersion.parse("6.16.3"), executions).differences


def test_a_change_that_is_lost_is_a_difference() -> None:
    assert held(KernelVersion.parse("7.3.90"), seen("7.3.90-early-failure")).differences == (
        "7.3.90 has lost early-failure",
    )


def test_what_no_change_explains_is_a_difference() -> None:
    executions = seen("6.16.200+multi-vma-move")
    outcome = executions[0].outcome
    assert outcome is not None
    executions[0] = Execution("ran", replace(outcome, events=({"event": "remap"},)))
    told = held(NEWER, executions)
    assert len(told.differences) == 1
    assert told.differences[0].startswith(f"{scenarios()[0].name}: ")
    assert told.backports == ("multi-vma-move",)


def test_an_error_is_a_difference() -> None:
    executions = seen("6.16.200")
    executions[3] = Execution("error", None, "the guest died of it twice")
    assert "the guest died of it twice" in held(NEWER, executions).differences[0]


@pytest.mark.parametrize(
    ("text", "newer"), [("6.16.12", False), ("6.16.13", True), ("6.16.3", False), ("6.99", True), ("7.3", False)]
)
def test_newer_is_within_a_series(text: str, newer: bool) -> None:
    assert is_newer(KernelVersion.parse(text), RECORDED) is newer


def test_there_are_recordings_to_be_newer_than() -> None:
    assert len(recorded_versions()) > 10
