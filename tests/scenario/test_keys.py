"""Protection keys: what a scenario says of them, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mremapcheck.compare.differences import differences
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario import notation, picture
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mprotect
from mremapcheck.scenario.parse import parse_document
from tests.scenario.documents import refusals

SCENARIO: dict[str, Any] = {
    "map": {"src": "AAB", "dst": ".."},
    "vmas": {"A": {"pkey": 2}},
    "moves": [{"old_address": "src+1p", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
}


def run(kernel: str = "6.12", **more: Any) -> tuple[Scenario, Execution]:
    scenario = parse_document({**SCENARIO, **more})
    return scenario, ModelExecutor(resolve(kernel)).execute(scenario)


def seen(**more: Any) -> Outcome:
    outcome = run(**more)[1].outcome
    assert outcome is not None
    return outcome


def test_the_key_is_given_with_the_protection_once_the_pages_are_written() -> None:
    scenario, _ = run(vmas={"A": {"pkey": 2, "prot": "r"}, "B": {"pkey": 1, "touch": False}})
    given = [step for step in scenario.setup if isinstance(step, Mprotect)]
    assert [(step.prot, step.pkey) for step in given] == [("r", 2), ("rw", 1)]
    assert scenario.keys == 2
    assert "pkeys" in scenario.features


def test_key_0_is_known_only_where_there_are_others() -> None:
    """pkey_mprotect(2) refuses even that on a machine without: a scenario that names it is skipped there."""
    scenario, expected = run(vmas={"A": {"pkey": 0}})
    with LiveExecutor() as live:
        (execution,) = live.run([scenario])
    if execution.outcome is None:
        assert execution.status == "skip" and "no protection keys" in str(execution.reason)
    else:
        assert execution.outcome == expected.outcome


def test_it_moves_along_and_survives_json() -> None:
    outcome = seen()
    assert [(vma.region, vma.start, vma.pages, vma.pkey) for vma in outcome.mappings] == [
        ("src", 0, 1, 2),
        ("src", 2, 1, 0),
        ("dst", 0, 1, 2),
    ]
    data = outcome.to_json()
    assert [mapping.get("pkey") for mapping in data["mappings"]] == [2, None, 2]
    assert Outcome.from_json(data) == outcome


@pytest.mark.parametrize("pkey", [None, 0, 2, 3])
def test_neighbours_merge_if_their_keys_are_the_same(pkey: int | None) -> None:
    more = {} if pkey is None else {"pkey": pkey}
    protect = {"op": "mprotect", "address": "src+2p", "size": "1p", "prot": "rw", **more}
    vmas = {"A": {"pkey": 2}, "B": {"touch": False}}
    outcome = seen(map={"src": "AAB"}, vmas=vmas, moves=[protect, {"old_address": "src", "old_size": "1p"}])
    assert len(outcome.mappings) == (1 if pkey == 2 else 2)


def test_mprotect_alone_leaves_it_and_mmap_does_not() -> None:
    protect = {"op": "mprotect", "address": "src", "size": "1p", "prot": "r"}
    fresh = {"op": "mmap", "address": "src+1p", "size": "1p", "letter": "C"}
    outcome = seen(moves=[protect, fresh, {"old_address": "src", "old_size": "1p"}])
    assert [(vma.prot, vma.pkey) for vma in outcome.mappings] == [("r--", 2), ("rw-", 0)]


@pytest.mark.parametrize(("pkey", "status"), [(2, "pass"), (0, "fail")])
def test_it_can_be_expected(pkey: int, status: str) -> None:
    scenario, execution = run(expect=[{"mappings": {"dst": [{"pkey": pkey}]}}])
    result = judge(scenario, execution, KernelVersion.parse("6.12"))
    assert result.status == status
    assert [str(each) for each in result.mismatches] == (
        [] if status == "pass" else ["mappings.dst[0].pkey: expected 0, seen 2"]
    )


def test_it_is_compared() -> None:
    scenario, execution = run()
    outcome = execution.outcome
    assert outcome is not None
    other = replace(outcome, mappings=(*outcome.mappings[:-1], replace(outcome.mappings[-1], pkey=0)))
    (found,) = differences(scenario, outcome, other)
    assert (found.class_name, found.where) == ("layout", "layout.dst")
    assert (found.a, found.b) == ("0+1 pkey 2", "0+1 pkey 0")


def test_words_for_it_can_be_read_again() -> None:
    protect = {"op": "mprotect", "address": "src", "size": "1p", "prot": "r", "pkey": 1}
    scenario, _ = run(moves=[protect, *SCENARIO["moves"]])
    drawn = [f"{region.name}={picture.drawing(region)}" for region in scenario.regions]
    words = [*drawn, *picture.legend(scenario).splitlines(), *picture.calls(scenario)]
    assert "mprotect(src, 1p, r, pkey 1)" in words
    assert parse_document(notation.document(words)).digest == scenario.digest


def test_platforms_without_them() -> None:
    _, execution = run("6.12@arm64")
    assert execution.status == "skip"
    assert "protection keys" in str(execution.reason)


@pytest.mark.parametrize(
    ("vma", "message"),
    [
        ({"pkey": 16}, "expected 0 to 15"),
        ({"pkey": "1"}, "expected a whole number"),
        ({"kind": "vdso", "touch": False, "pkey": 1}, "vdso is mapped with the kernel's own protection and key"),
    ],
)
def test_what_cannot_be(vma: dict[str, Any], message: str) -> None:
    (refusal,) = refusals(vmas={"A": vma})
    assert message in refusal
