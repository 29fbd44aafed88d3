"""Conditions of the process: limits, capabilities, map slots, a forked child."""

from __future__ import annotations

import pytest

from tests.live.conftest import Run, See, move


def grow(to: str) -> dict[str, object]:
    return {"old_address": "src", "old_size": "3p", "new_size": to, "flags": 0}


@pytest.mark.parametrize("limit", ["as", "data"])
def test_memory_limits_are_exact(see: See, limit: str) -> None:
    def errno(room: str) -> str | None:
        return see(map={"src": "AAA"}, process={"rlimits": {limit: room}}, moves=[grow("5p")]).moves[0].errno

    assert errno("+2p") is None
    assert errno("+1p") == "ENOMEM"


def test_memlock(see: See) -> None:
    def errno(limit: str) -> str | None:
        document = {"map": {"src": "AAA"}, "vmas": {"A": {"lock": True}}, "moves": [grow("5p")]}
        return see(process={"rlimits": {"memlock": limit}}, **document).moves[0].errno

    assert [errno("4p"), errno("5p"), errno("+1p"), errno("+2p")] == ["EAGAIN", None, "EAGAIN", None]


def test_locked_pages_that_a_kernel_never_takes_back_are_no_later_scenarios(see: See) -> None:
    """From 6.15 on they leak where the source of a locked mapping is kept; limits stay exact all the same."""
    leak = {"vmas": {"A": {"lock": True}}, "moves": [move(flags="MAYMOVE|FIXED|DONTUNMAP")]}
    forked = {
        "map": {"src": "AAA"},
        "moves": [{"op": "fork"}, {"op": "mlock", "address": "src", "size": "3p"}, grow("5p")],
    }
    first = see(**leak)
    for count in range(60):
        assert see(**leak) == first
        if count % 20 == 0:
            test_memlock(see)
            for limit, errno in (("4p", "EAGAIN"), ("5p", None)):
                assert see(process={"rlimits": {"memlock": limit}}, **forked).moves[0].errno == errno


def test_kept_capability(see: See) -> None:
    outcome = see(
        map={"src": "AAA"},
        vmas={"A": {"lock": True}},
        process={"rlimits": {"memlock": "3p"}, "keep": ["IPC_LOCK"]},
        moves=[grow("5p")],
    )
    assert outcome.moves[0].errno is None and outcome.counters["locked"] == 5


def test_limits_are_lifted_afterwards(see: See) -> None:
    see(process={"rlimits": {"as": "+0p", "data": "+0p", "memlock": "0p"}})
    outcome = see(map={"src": "AAA"}, vmas={"A": {"lock": True}}, moves=[grow("5p")])
    assert outcome.moves[0].errno is None and outcome.counters == {"locked": 5, "total": 5}


def cut(page: int) -> dict[str, object]:
    return {"op": "mprotect", "address": f"src+{page}p", "size": "1p", "prot": "r" if page % 2 else "none"}


@pytest.mark.parametrize("free", [0, 1, 3])
def test_map_slots_are_exact(run: Run, free: int) -> None:
    """Cutting the first page off a mapping takes one slot each time; with none left it fails."""
    for cuts in (free, free + 1):
        moves = [*map(cut, range(cuts)), move("1p", "0", old_address="src+7p")]
        execution = run(map={"src": "A{8}", "dst": "."}, process={"map_headroom": free}, moves=moves)
        if cuts == free:
            assert execution.outcome is not None, execution.reason
            assert len(execution.outcome.mappings) == cuts + 1
        else:
            assert execution.reason is not None and execution.reason.endswith("mprotect failed: ENOMEM")


def test_map_slots_are_given_back(see: See) -> None:
    assert see(process={"map_headroom": 20}).counters["total"] == 3
    outcome = see(map={"src": "AB" * 50, "dst": "."}, vmas={"B": {"prot": "r"}}, moves=[move("1p")])
    assert outcome.moves[0].errno is None


def test_forked_child(see: See) -> None:
    outcome = see(
        map={"src": "ABCD", "dst": "...."},
        vmas={
            "B": {"advice": "dontfork"},
            "C": {"advice": "wipeonfork"},
            "D": {"lock": True, "uffd": "missing", "kind": "anon-shared"},
        },
        process={"fork": True},
        moves=[move("1p", "MAYMOVE|FIXED")],
    )
    assert outcome.regions == {"src": ".._D", "dst": "A..."}
    flags = {mapping.start: mapping.flags for mapping in outcome.mappings if mapping.region == "src"}
    assert "locked" not in flags[3] and "uffd-missing" not in flags[3]
    assert outcome.counters == {"locked": 0, "total": 3}


def test_fork_on_the_way(see: See) -> None:
    outcome = see(moves=[move("3p"), {"op": "fork"}, move("3p", old_address="dst", new_address="src")])
    assert [moved.verdict for moved in outcome.moves] == ["moved", "moved"]
    assert outcome.regions == {"src": "AAA", "dst": "..."}


@pytest.mark.parametrize("kind", ["memfd", "file", "tmpfs"])
def test_a_child_leaves_nothing_in_files(see: See, kind: str) -> None:
    """Files that are kept for the next scenario are the child's, too."""
    see(vmas={"A": {"kind": kind}})
    late = {"op": "mmap", "address": "src+8p", "size": "3p", "letter": "B", "kind": kind, "touch": True}
    assert see(moves=[{"op": "fork"}, late, move()]).regions["src"] == "........BBB"
    assert see(vmas={"A": {"kind": kind, "touch": False}}).regions["dst"] == "___"


def test_a_child_of_a_child(see: See) -> None:
    assert see(moves=[{"op": "fork"}, {"op": "fork"}, move()]).regions["dst"] == "AAA"


def test_all_conditions_at_once(see: See) -> None:
    outcome = see(
        process={"fork": True, "map_headroom": 12, "rlimits": {"as": "+2p", "data": "+2p"}},
        map={"src": "AAA"},
        moves=[grow("5p"), {**grow("6p"), "old_size": "5p"}],
    )
    assert [moved.errno for moved in outcome.moves] == [None, "ENOMEM"]


def test_map_slots_come_back_from_a_scenario_that_fails(run: Run) -> None:
    crowd = {"process": {"map_headroom": 3}}
    failing = [{"op": "touch", "address": "dst", "size": "1p", "letter": "Z"}, move("1p")]
    assert run(**crowd, map={"src": "A", "dst": "."}, moves=failing).status == "error"
    fine = run(**crowd, map={"src": "ABABABABABABABAB", "dst": "."}, vmas={"B": {"prot": "r"}}, moves=[move("1p", "0")])
    assert fine.status == "ran", fine.reason
