"""Bits of page table entries: what is expected of them, and that they are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.compare.differences import differences
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.parse import parse_document
from tests.model.helpers import F, do, move, scene

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


PROTECT = do("uffd-writeprotect", "src", 2)
WRITABLE = do("uffd-writeprotect", "src", 1, protect=False)
DONTNEED = do("madvise", "src", 1, advice="dontneed")


@pytest.mark.parametrize("kernel", ["6.1.192", "6.12.118", "7.3", "live"])
@pytest.mark.parametrize(
    ("steps", "attributes", "bits"),
    [
        ([], {}, "##"),
        ([WRITABLE], {"kind": "anon-shared"}, "-#"),
        ([do("touch", "src", 1, letter="N", errno="EFAULT")], {"kind": "tmpfs"}, "##"),
        ([do("mprotect", "src", 1, prot="r")], {"sharing": "private"}, "##"),
    ],
)
def test_write_protection_of_shared_memory(
    kernel: str, steps: list[dict[str, Any]], attributes: dict[str, Any], bits: str
) -> None:
    made = {"kind": "memfd", "uffd": "wp+events", **attributes}
    items = [PROTECT, *steps, move("src", 1, 1, F, "dst"), move("src+1p", 1, 1, F, "dst+1p")]
    executor = LiveExecutor() if kernel == "live" else ModelExecutor(resolve(kernel))
    with executor:
        (execution,) = executor.run([scene(*items, src="AA", dst="..", vmas={"A": made})])
    if kernel == "live" and execution.status == "skip":
        pytest.skip(execution.reason or "")
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.bits["uffd-wp"]["dst"] == bits


@pytest.mark.parametrize("steps", [[PROTECT, DONTNEED], [DONTNEED, PROTECT]])
def test_markers_of_missing_pages_are_not_known_to_models(steps: list[dict[str, Any]]) -> None:
    made = {"kind": "memfd", "uffd": "wp"}
    with ModelExecutor(resolve("7.3")) as executor:
        (execution,) = executor.run([scene(*steps, move("src", 1, 1), src="AA", vmas={"A": made})])
    assert execution.status == "skip"
    assert "markers of write protection" in (execution.reason or "")
