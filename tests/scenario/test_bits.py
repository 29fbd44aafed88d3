"""Bits of page table entries: what is expected of them, and that they are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.compare.differences import differences
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.parse import parse_document

SCENARIO: dict[str, Any] = {
    "map": {"src": "AA", "dst": ".."},
    "moves": [
        {"op": "clear-refs"},
        {"old_address": "src+1p", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"},
    ],
}


def run(**more: Any) -> tuple[Any, Execution]:
    scenario = parse_document({**SCENARIO, **more})
    return scenario, ModelExecutor(resolve("6.12")).execute(scenario)


def test_they_are_drawn_and_survive_json() -> None:
    _, execution = run()
    assert execution.outcome is not None
    assert execution.outcome.bits == {"soft-dirty": {"src": "-.", "dst": "#."}}
    assert Outcome.from_json(execution.outcome.to_json()) == execution.outcome


def test_nobody_looks_where_nobody_asked() -> None:
    _, execution = run(moves=SCENARIO["moves"][1:])
    assert execution.outcome is not None
    assert execution.outcome.bits == {}
    assert "bits" not in execution.outcome.to_json()


@pytest.mark.parametrize(("drawn", "status"), [("#", "pass"), ("#.", "pass"), ("-", "fail"), ("", "fail")])
def test_they_can_be_expected(drawn: str, status: str) -> None:
    scenario, execution = run(expect=[{"bits": {"soft-dirty": {"dst": drawn}}}])
    assert judge(scenario, execution, KernelVersion.parse("6.12")).status == status


def test_they_are_compared() -> None:
    scenario, execution = run()
    outcome = execution.outcome
    assert outcome is not None
    other = replace(outcome, bits={"soft-dirty": {"src": "-.", "dst": "-."}})
    (found,) = differences(scenario, outcome, other)
    assert (found.class_name, found.where, found.a, found.b) == ("bits", "bits.soft-dirty.dst", "#.", "-.")


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ({"dirty": {}}, "there is no bit `dirty`"),
        ({"soft-dirty": {"nowhere": "#"}}, "there is no region `nowhere`"),
        ({"soft-dirty": {"dst": "A"}}, "`A` is not a drawing of bits"),
    ],
)
def test_what_is_no_bit(bits: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_document({**SCENARIO, "expect": [{"bits": bits}]})
    assert message in str(error.value)
