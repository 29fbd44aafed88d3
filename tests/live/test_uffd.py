"""userfaultfd: registrations, and the events of a move in their order."""

from __future__ import annotations

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from tests.live.conftest import Run, See, move, scenario

REMAP = {"event": "remap", "from": "src", "to": "dst", "len": "3p"}


@pytest.mark.parametrize("kind", ["anon", "anon-shared", "memfd"])
@pytest.mark.parametrize("mode", ["missing", "wp"])
def test_registrations(see: See, kind: str, mode: str) -> None:
    outcome = see(vmas={"A": {"kind": kind, "uffd": mode}}, moves=[move("3p", "0")])
    assert f"uffd-{mode}" in outcome.mappings[0].flags
    assert outcome.regions["src"] == "AAA"
    assert outcome.events == ()


def test_registration_ends_with_the_move(see: See) -> None:
    outcome = see(vmas={"A": {"uffd": "missing"}})
    assert outcome.mappings[0].flags == ("accounted",) and outcome.regions["dst"] == "AAA"


def test_events(see: See) -> None:
    outcome = see(
        map={"src": "AAA", "dst": "XX."}, vmas={"A": {"uffd": "missing+events"}, "X": {"uffd": "missing+events"}}
    )
    assert outcome.moves[0].verdict == "moved"
    # the destination first; then the move, and what became of the source
    assert [event["event"] for event in outcome.events] == ["unmap", "remap", "unmap"]
    assert outcome.events[0]["start"] == "dst"
    assert outcome.events[1] == REMAP
    assert outcome.events[2] == {"event": "unmap", "start": "src", "end": "src+3p"}
    assert "uffd-missing" in outcome.mappings[0].flags  # with events the registration goes along


def test_events_of_other_operations(see: See) -> None:
    outcome = see(
        vmas={"A": {"uffd": "wp+events"}}, moves=[{"op": "munmap", "address": "src+1p", "size": "1p"}, move("1p", "0")]
    )
    assert outcome.events == ({"event": "unmap", "start": "src+1p", "end": "src+2p"},)


def test_unregistering(see: See) -> None:
    outcome = see(
        vmas={"A": {"uffd": "missing+events"}},
        moves=[{"op": "uffd-unregister", "address": "src", "size": "3p"}, move()],
    )
    assert outcome.events == () and outcome.mappings[0].flags == ("accounted",)


def test_nobody_serves_a_missing_page(run: Run) -> None:
    execution = run(
        vmas={"A": {"touch": False, "uffd": "missing"}}, moves=[{"op": "touch", "address": "src", "size": "1p"}, move()]
    )
    if execution.status == "skip":
        pytest.skip(execution.reason or "")
    assert execution.status == "error" and execution.reason is not None
    assert "touch failed: EFAULT at page 0 (does the page wait for a userfaultfd?" in execution.reason


def test_looking_asks_no_userfaultfd(see: See) -> None:
    """B's page is not there: reading it would wait for an answer that nobody gives."""
    outcome = see(
        map={"src": "AB", "dst": "."},
        vmas={"A": {"kind": "memfd", "uffd": "missing"}, "B": {"kind": "memfd", "touch": False, "uffd": "missing"}},
        moves=[move("1p", "0")],
    )
    assert (outcome.regions["src"], outcome.residency["src"]) == ("A_", "#-")


def test_events_are_the_same_every_time(see: See) -> None:
    vmas = {letter: {"uffd": "missing+events"} for letter in "ABX"}
    seen = [see(map={"src": "AABB", "dst": "XX"}, vmas=vmas, moves=[move("2p")]).events for _ in range(20)]
    assert len(seen[0]) >= 2 and len(set(map(str, seen))) == 1


def test_events_are_read_under_a_limit(see: See) -> None:
    """The thread that reads them needs memory of its own, which the scenario's limits do not concern."""
    moves = [
        {"op": "uffd-register", "address": "src", "size": "3p", "mode": "missing+events"},
        move(),
    ]
    with LiveExecutor(timeout=60.0) as executor:  # whose worker has no such thread yet
        (execution,) = executor.run(
            [scenario(vmas={"A": {"touch": False}}, process={"rlimits": {"as": "+0p"}}, moves=moves)]
        )
    if execution.status == "skip":
        pytest.skip(execution.reason or "")
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.events[0] == REMAP


def test_a_process_without_its_clock_reads_no_events(run: Run) -> None:
    execution = run(
        map={"src": "AB", "dst": ".."},
        vmas={"A": {"kind": "vdso"}, "B": {"touch": False, "uffd": "missing+events"}},
        moves=[move("1p")],
    )
    assert execution.status == "skip" and "vdso" in (execution.reason or "")


def test_a_forked_child_tells_the_events_that_came_before_it(see: See) -> None:
    outcome = see(
        map={"src": "..B", "dst": "X"},
        vmas={"B": {"uffd": "missing+events"}},
        moves=[
            {"old_address": "dst", "old_size": "1p", "new_address": "src+2p", "flags": "MAYMOVE|FIXED"},
            {"op": "fork"},
        ],
    )
    assert outcome.events == ({"event": "unmap", "start": "src+2p", "end": "src+3p"},)
