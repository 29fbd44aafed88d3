"""Facts are compared before they are put into words: that must not hide anything."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from typing import Any

import pytest

from mremapcheck.campaign.generator import FOR_MODELS, Generator
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.assemble import RawFacts, RawMove
from mremapcheck.outcome.outcome import Execution
from mremapcheck.outcome.verdict import NOT_NEEDED, SeenVma, Snapshot
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document


def drawn(count: int) -> list[Scenario]:
    generator = Generator(5, costly=FOR_MODELS)
    return [parse_document(generator.document(number)) for number in range(count)]


@pytest.mark.parametrize("other", ["6.18", "6.17-rc2", "5.10"])
def test_executions_agree_where_their_outcomes_are_equal(other: str) -> None:
    one, two = (ModelExecutor(resolve(reference)) for reference in ("6.18", other))
    scenarios = drawn(400)
    agreed = 0
    for a, b in zip(one.run(scenarios), two.run(scenarios), strict=True):
        agrees = a.agrees(b)
        assert agrees == (a.outcome is not None and a.outcome == b.outcome)
        agreed += agrees
    assert agreed > 100


def facts() -> RawFacts:
    scenario = parse_document(
        {"map": {"src": "AA"}, "moves": [{"old_address": "src", "old_size": "2p", "new_size": "1p"}]}
    )
    start = scenario.regions[0].start
    move = scenario.script[0]
    vma = SeenVma(start, start + 4096, "rw-", False, "anon", 0, None, ("accounted",))
    page = start // 4096
    return RawFacts(
        scenario,
        [RawMove(move, None, start, NOT_NEEDED, NOT_NEEDED)],  # type: ignore[arg-type]  # the script's only step
        [vma],
        {page},
        {page: ("A", 0)},
        0,
        1,
        [("unmap", start + 4096, start + 8192)],
    )


def test_any_fact_that_differs_shows() -> None:
    base = facts()
    vma, move = base.vmas[0], base.moves[0]
    others: dict[str, list[Any]] = {
        "moves": [
            [],
            [move, move],
            [replace(move, errno="EFAULT")],
            [replace(move, errno="EFAULT", before=Snapshot([vma]), after=NOT_NEEDED)],
            [replace(move, result=move.result + 4096)],
        ],
        "vmas": [
            [],
            [vma._replace(start=vma.start - 4096)],
            [vma._replace(end=vma.end + 4096)],
            [vma._replace(prot="r--")],
            [vma._replace(shared=True)],
            [vma._replace(backing="shmem")],
            [vma._replace(offset=1)],
            [vma._replace(flags=())],
        ],
        "present": [set()],
        "contents": [{}, {vma.start // 4096: ("A", 1)}, {vma.start // 4096: "guard page"}],
        "locked": [1],
        "total": [2],
        "events": [[]],
        "bits": [{"uffd-wp": {vma.start // 4096}}],
    }
    assert {field.name for field in fields(base)} == {"scenario", *others}
    assert base.agrees(facts())
    for name, values in others.items():
        for value in values:
            other = replace(base, **{name: value})
            assert not base.agrees(other), (name, value)
            assert Execution.of(base) != Execution.of(other), (name, value)


def test_what_an_object_is_called_does_not_matter() -> None:
    base = facts()
    assert base.agrees(replace(base, vmas=[base.vmas[0]._replace(object="00:01 77")]))


def test_what_travels_is_the_outcome() -> None:
    execution = Execution.of(facts())
    assert pickle.loads(pickle.dumps(execution)) == execution
    assert execution != Execution("skip", None, "no mseal")
    assert repr(execution).startswith("Execution('ran', Outcome(")
