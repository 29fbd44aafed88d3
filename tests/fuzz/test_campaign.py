"""Campaigns on made-up kernels: what is counted, shrunk and grouped, and that nothing depends on the workers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mremapcheck.errors import ExecutorError
from mremapcheck.fuzz.bounds import Bounds
from mremapcheck.fuzz.campaign import Plan, Tally, run
from mremapcheck.fuzz.pool import pool
from mremapcheck.fuzz.source import Enumerated, Listed, Random
from tests.fuzz.doubles import opener


def plan(a: str = "even", b: str = "broken", count: int = 600, **more: Any) -> Plan:
    return Plan(a, b, more.pop("source", Random(7)), count, piece=100, opener=opener, **more)


def campaign(wanted: Plan, jobs: int = 1, tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    with pool(jobs) as (executor, workers):
        for _ in run(wanted, executor, workers, tally):
            pass
    return tally


def test_equal_kernels_have_no_mismatch() -> None:
    tally = campaign(plan(b="even"))
    assert (tally.same, tally.different, len(tally.groups)) == (600, 0, 0)


def test_every_cause_is_one_group_with_its_smallest_scenario() -> None:
    tally = campaign(plan())
    groups = {group.mismatch.kind: group for group in tally.groups}
    assert set(groups) == {"newly-refused", "layout"}
    assert sum(group.count for group in tally.groups) == tally.different
    armed = groups["newly-refused"].mismatch.smallest
    assert [len(set(drawing) - {"."}) for drawing in armed["map"].values()].count(1) == 1
    assert len(armed["moves"]) == 1
    assert "FIXED" in str(armed["moves"][0]["flags"])
    (made,) = armed["vmas"].values()
    assert list(made) == ["uffd"]


def test_the_number_of_jobs_makes_no_difference() -> None:
    one, two = campaign(plan(), jobs=1), campaign(plan(), jobs=2)
    assert one.to_json() == two.to_json()


def test_a_campaign_that_was_stopped_ends_like_one_that_was_not() -> None:
    stored = json.loads(json.dumps(campaign(plan(count=300)).to_json()))
    resumed = campaign(plan(count=600), tally=Tally.from_json(stored))
    assert resumed.to_json() == campaign(plan(count=600)).to_json()


def test_skips_are_counted_and_are_not_compared() -> None:
    tally = campaign(plan(a="lacking", b="even"))
    assert tally.skipped["no mseal"] > 0
    assert tally.compared + sum(tally.skipped.values()) + tally.refused + tally.unloadable == 600


def test_a_kernel_that_gives_up_ends_the_campaign() -> None:
    with pytest.raises(ExecutorError, match="the kernel is gone"):
        campaign(plan(b="dying"))


def test_no_time_is_no_scenario() -> None:
    tally = Tally()
    with pool(1) as (executor, workers):
        assert list(run(plan(), executor, workers, tally, seconds=0)) == []
    assert tally.done == 0


def test_an_enumeration_is_run_to_its_end() -> None:
    bounds = Bounds(mappings=1, flavours=("anon", "anon-uffd"), resize=(0,))
    tally = campaign(plan(source=Enumerated(bounds), count=bounds.count()))
    assert tally.done == tally.compared == bounds.count()
    assert [group.mismatch.kind for group in tally.groups] == ["newly-refused"]


def test_what_is_no_scenario_is_counted_apart() -> None:
    good = {"name": "x", "summary": "s", "map": {"src": "A", "dst": "."}, "moves": [{"old_address": "src"}]}
    tally = campaign(plan(source=Listed((good, {"map": 3})), count=2))
    assert tally.unloadable >= 1
