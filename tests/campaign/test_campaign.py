"""Campaigns on made-up kernels: what is counted, shrunk and grouped, and that nothing depends on the workers."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.campaign import shard as work
from mremapcheck.campaign.bounds import Bounds
from mremapcheck.campaign.campaign import Campaign, Totals, run
from mremapcheck.campaign.pool import pool
from mremapcheck.campaign.shrink import shrink
from mremapcheck.campaign.source import Enumerated, Listed, Random
from mremapcheck.compare.blame import Blame
from mremapcheck.outcome.assemble import RawFacts
from tests.campaign.fakes import opener

#: All of these fork.
pytestmark = pytest.mark.alone


def plan(a: str = "even", b: str = "broken", count: int = 600, **more: Any) -> Campaign:
    return Campaign(a, b, more.pop("source", Random(7)), count, shard_size=100, opener=opener, **more)


def campaign(wanted: Campaign, jobs: int = 1, tally: Totals | None = None) -> Totals:
    tally = tally or Totals()
    with pool(jobs) as (executor, workers):
        for _ in run(wanted, executor, workers, tally):
            pass
    return tally


def test_equal_kernels_have_no_mismatch() -> None:
    tally = campaign(plan(b="even"))
    assert (tally.same, tally.different, len(tally.groups)) == (600, 0, 0)


def test_every_cause_is_one_group_with_its_smallest_scenario() -> None:
    tally = campaign(plan())
    largest = sorted(tally.groups, key=lambda group: group.count)
    groups = {group.mismatch.class_name: group for group in largest}
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
    resumed = campaign(plan(count=600), tally=Totals.from_json(stored))
    assert resumed.to_json() == campaign(plan(count=600)).to_json()


def test_skips_are_counted_and_are_not_compared() -> None:
    tally = campaign(plan(a="lacking", b="even"))
    assert tally.skipped["no mseal"] > 0
    assert tally.compared + sum(tally.skipped.values()) + tally.refused + tally.unloadable == 600


@pytest.mark.parametrize("toggled", ["early-failure", "thp-multi-move"])
def test_a_mismatch_with_the_same_causes_is_counted_where_it_belongs(
    toggled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not shrunk again; but one that some of the suspects do not explain is evidence, and gets its own group."""
    wanted = plan(a="6.16", b=f"as-real 6.16+{toggled}", source=Random(1), count=120, tries=60)
    tries: list[int] = []

    def counted(*given: Any) -> Any:
        tries[-1] += 1
        return shrink(*given)

    monkeypatch.setattr(work, "shrink", counted)
    tries.append(0)
    counting = campaign(wanted)
    monkeypatch.setattr(Blame, "are_causes", lambda *given: False)
    tries.append(0)
    shrinking = campaign(wanted)
    assert tries[0] < tries[1]
    assert counting.different == shrinking.different == sum(group.count for group in counting.groups) > 3
    kept, all_of_them = suspects(counting), suspects(shrinking)
    assert kept <= all_of_them
    for kind, changes in all_of_them:
        assert any(kind == other and changes >= fewer for other, fewer in kept), changes


def suspects(tally: Totals) -> set[tuple[str, frozenset[str]]]:
    return {(group.mismatch.class_name, frozenset(group.mismatch.cause or ())) for group in tally.groups}


def test_agreeing_facts_are_never_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(facts: RawFacts) -> None:
        raise AssertionError(f"{facts} became an outcome")

    monkeypatch.setattr(RawFacts, "outcome", never)
    tally = campaign(plan(a="6.17", b="6.17", count=200))
    assert tally.different == 0 < tally.same


def test_reasons_are_counted_without_their_places() -> None:
    for reason in ("moves[3] (line 12): mprotect failed: EACCES", "map.src[0]: mprotect failed: EACCES"):
        assert work.general(reason) == "mprotect failed: EACCES"
    assert work.general("see /proc/self/pagemap.x: y") == "see /proc/self/pagemap.x: y"


@pytest.mark.parametrize("collects", [True, False])
def test_the_garbage_collector_is_left_as_it_was(collects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "isenabled", lambda: collects)
    calls: list[str] = []
    monkeypatch.setattr(gc, "enable", lambda: calls.append("enable"))
    monkeypatch.setattr(gc, "disable", lambda: calls.append("disable"))
    campaign(plan(count=10))
    assert calls == ["disable", "enable"] if collects else calls == ["disable"]


def test_a_kernel_that_gives_up_ends_the_campaign() -> None:
    with pytest.raises(ExecutorError, match="the kernel is gone"):
        campaign(plan(b="dying"))


def test_no_time_is_no_scenario() -> None:
    tally = Totals()
    with pool(1) as (executor, workers):
        assert list(run(plan(), executor, workers, tally, seconds=0)) == []
    assert tally.done == 0


def test_an_enumeration_is_run_to_its_end() -> None:
    bounds = Bounds(mappings=1, flavours=("anon", "anon-uffd"), resize=(0,))
    tally = campaign(plan(source=Enumerated(bounds), count=bounds.count()))
    assert tally.done == tally.compared == bounds.count()
    assert [group.mismatch.class_name for group in tally.groups] == ["newly-refused"]


def test_what_is_no_scenario_is_counted_apart() -> None:
    good = {"name": "x", "summary": "s", "map": {"src": "A", "dst": "."}, "moves": [{"old_address": "src"}]}
    tally = campaign(plan(source=Listed((good, {"map": 3})), count=2))
    assert tally.unloadable >= 1
