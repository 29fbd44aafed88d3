"""Committed_AS around moves: what a scenario asks, what is judged, compared and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mremapcheck.compare.differences import differences
from mremapcheck.convert.expect.entries import Seen, entries
from mremapcheck.executors.live.plan import prepare
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import UNMEASURED, judge
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.report.run_blocks import outcome_block
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document
from tests.scenario.documents import refusals, scenario

SHRINKS: dict[str, Any] = {
    "map": {"src": "AAAA", "dst": "X."},
    "moves": [
        {"old_address": "src", "old_size": "4p", "new_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
    ],
    "expect": [{"verdict": "moved", "committed": "-4p"}],
}


def run(kernel: str, **more: Any) -> tuple[Scenario, Execution]:
    parsed = parse_document({**SHRINKS, **more})
    return parsed, ModelExecutor(resolve(kernel)).execute(parsed)


def committed(kernel: str, **more: Any) -> list[int | None]:
    outcome = run(kernel, **more)[1].outcome
    assert outcome is not None
    return [move.committed for move in outcome.moves]


@pytest.mark.parametrize(("kernel", "pages"), [("6.14", -4), ("6.15", -1), ("7.3", -1), ("7.3.4", -4)])
def test_a_tail_that_is_charged_once_more(kernel: str, pages: int) -> None:
    assert committed(kernel) == [pages]


@pytest.mark.parametrize(("kernel", "last"), [("6.14", -2), ("6.15", 0), ("6.17.6", -2)])
def test_a_source_that_gives_nothing_back(kernel: str, last: int) -> None:
    away = {"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED|DONTUNMAP"}
    back = {"old_address": "dst", "old_size": "2p", "new_address": "src", "flags": "MAYMOVE|FIXED"}
    assert committed(kernel, map={"src": "AA", "dst": ".."}, moves=[away, back], expect=[{"committed": "0p"}]) == [
        2,
        last,
    ]


def test_shared_memory_is_given_back_with_its_last_mapping() -> None:
    onto = {"old_address": "src", "old_size": "1p", "flags": "MAYMOVE|FIXED"}
    moves = [{**onto, "new_address": "dst"}, {**onto, "old_address": "dst", "new_address": "dst+1p"}]
    vmas = {"X": {"kind": "anon-shared"}}
    asked: dict[str, Any] = {"map": {"src": "A", "dst": "XX"}, "vmas": vmas, "expect": [{"committed": "0p"}]}
    assert committed("6.12", moves=moves, **asked) == [0, -2]
    # A parent has it mapped still.
    assert committed("6.12", moves=moves, process={"fork": True}, **asked) == [0, None]


def test_it_is_measured_where_something_is_expected_of_it() -> None:
    assert committed("6.12", expect=[{"verdict": "moved"}]) == [None]
    assert not prepare(scenario()).plan.committed
    assert prepare(scenario(expect=[{"moves": [{"committed": "0p"}]}])).plan.committed


@pytest.mark.parametrize(("kernel", "status"), [("6.14", "pass"), ("6.17", "fail")])
def test_it_can_be_expected(kernel: str, status: str) -> None:
    parsed, execution = run(kernel)
    result = judge(parsed, execution, KernelVersion.parse(kernel))
    assert result.status == status
    assert [str(each) for each in result.mismatches] == (
        [] if status == "pass" else ["moves[0].committed: expected -4p, seen -1p"]
    )


def test_what_nobody_measured_is_neither_right_nor_wrong() -> None:
    parsed, execution = run("6.12")
    outcome = execution.outcome
    assert outcome is not None
    data = outcome.to_json()
    assert data["moves"][0].pop("committed") == -4
    unknown = Outcome.from_json(data)
    version = KernelVersion.parse("6.12")
    result = judge(parsed, Execution("ran", unknown), version)
    assert (result.status, result.reason, result.mismatches) == ("skip", UNMEASURED, ())
    assert differences(parsed, outcome, unknown) == ()
    wrong = replace(unknown, moves=(replace(unknown.moves[0], verdict="resized"),))
    assert judge(parsed, Execution("ran", wrong), version).status == "fail"


def test_it_is_compared() -> None:
    parsed, one = run("6.14")
    _, other = run("6.15")
    assert one.outcome is not None and other.outcome is not None
    (found,) = differences(parsed, one.outcome, other.outcome)
    assert (found.class_name, found.where, found.a, found.b) == ("counters", "moves[0].committed", "-4p", "-1p")


def test_it_is_told_and_written() -> None:
    parsed, execution = run("6.17")
    result = judge(parsed, execution, KernelVersion.parse("6.17"))
    assert "  Committed_AS: -1p" in outcome_block(result)
    (entry,) = entries(parsed, [Seen(KernelVersion.parse("6.17"), execution)])
    assert (entry["verdict"], entry["committed"]) == ("moved", "-1p")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("2p", "`2p` is no change | `+2p` is that much more, `-2p` less, `0p` none"),
        ("+1B", "`+1B` is no change | in whole pages, up to 6G"),
        (0, "a size needs its unit"),
        ("+-1p", "`+-1p` is no change"),
    ],
)
def test_what_is_no_change(said: Any, message: str) -> None:
    (refusal,) = refusals(expect=[{"committed": said}])
    assert message in refusal


@pytest.mark.parametrize(
    ("said", "pages"), [("+1p+1p", 2), ("-1p-1p", -2), ("-2p+1p", -1), ("+2p-1p", 1), ("-1p+1p", 0), ("+4K", 1)]
)
def test_a_change_may_be_a_sum(said: str, pages: int) -> None:
    parsed, _ = run("6.14", expect=[{"committed": said}])
    assert [move.committed for entry in parsed.expect for move in entry.moves.values()] == [pages]
