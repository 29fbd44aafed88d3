"""What the kernel's own lines are taken for."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.units import PAGE
from mremapcheck.executors.live import explain
from mremapcheck.executors.live.plan import prepare
from mremapcheck.executors.live.result_decoder import ResultDecoder
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario.document import Scenario
from tests.live.conftest import move, scenario

#: Where the kernel has put something.
CHOSEN = 0x7F00_0000_0000


def outcome(drawn: Scenario, result: int, *seen: tuple[int, int, str, str, tuple[int, int] | None]) -> Outcome:
    """Return the outcome of one move that returned ``result``.

    Of each mapping that was seen: start, end, the rest of its line in maps, VmFlags, and how much of it counts.
    """
    records: list[tuple[bytes, bytes]] = []
    bounds: list[tuple[int, int]] = []
    for start, end, rest, flags, within in seen:
        records.append((b"%x-%x %s" % (start, end, rest.encode()), b"VmFlags: " + flags.encode()))
        bounds.append(within or (start, end))
    moves = [(0, result, False, None, None, None, None, None)]
    nothing: Any = ([], b"", [])
    execution = ResultDecoder().execution(prepare(drawn), (moves, records, bounds, [], nothing, 0, 0, [], {}, []))
    assert execution.outcome is not None
    return execution.outcome


def test_the_first_segment_of_a_namespace_is_a_file_like_others() -> None:
    """Its id is 0, and so is its inode."""
    drawn = scenario(
        map={"src": "AAAA", "dst": ".."},
        vmas={"A": {"kind": "sysv-shm"}},
        moves=[move("0p", old_address="src+2p", new_size="2p")],
    )
    src, dst = (region.start for region in drawn.regions)
    line = "rw-s {:08x} 00:01 0 /SYSV00000000 (deleted)"
    found = outcome(
        drawn,
        dst,
        (src, src + 4 * PAGE, line.format(0), "rd wr sh", None),
        (dst, dst + 2 * PAGE, line.format(2 * PAGE), "rd wr sh", None),
    )
    assert [(mapping.region, mapping.backing, mapping.offset) for mapping in found.mappings] == [
        ("src", "sysv-shm", 0),
        ("dst", "sysv-shm", 2),
    ]


def chosen(**document: Any) -> tuple[str, ...]:
    """Return the flags of what was put beside memory of the executor's own that is marked as guarded."""
    grows = {"old_address": "src", "old_size": "2p", "new_size": "3p", "flags": "MAYMOVE"}
    drawn = scenario(map={"src": "AAB"}, moves=[grows], **document)
    line = "rw-p 00000000 00:00 0"
    found = outcome(drawn, CHOSEN, (CHOSEN, CHOSEN + 9 * PAGE, line, "rd wr gu ac", (CHOSEN, CHOSEN + 3 * PAGE)))
    (mapping,) = found.mappings
    assert (mapping.region, mapping.pages) == ("elsewhere", 3)
    return mapping.flags


def test_guard_pages_of_the_executor_are_not_the_scenarios() -> None:
    """Memory that merges with guarded memory is marked, too: a thread's stack has guard pages, for one."""
    assert chosen() == ("accounted",)
    assert chosen(vmas={"A": {"guard": [0]}}) == ("accounted", "guard")


@pytest.mark.parametrize(
    ("flags", "place", "end"),
    [("MAYMOVE|FIXED", "0x0", PAGE), ("MAYMOVE|FIXED", "0x1000", 2 * PAGE), ("MAYMOVE|DONTUNMAP", "0x0", 0)],
)
def test_the_page_at_zero_is_a_place_like_others(flags: str, place: str, end: int) -> None:
    """Where vm.mmap_min_addr is 0 even this one may be mapped; as a hint 0 means that there is none."""
    drawn = scenario(map={"src": "A"}, moves=[move("1p", flags, new_address=place)])
    assert prepare(drawn).plan.near_zero == end


def test_a_place_near_zero_must_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "read_file", lambda path: b"0\n")
    monkeypatch.setattr(explain, "_lowest", [])
    assert "vm.mmap_min_addr is 0 here, so 0x0 is an address like others" in explain.near_zero(PAGE)


def test_memory_of_the_executor_that_joins_a_place_of_the_kernels_choice_was_not_moved() -> None:
    """The interpreter mapped some beside it between two looks: the call in between failed, and was called partial."""
    drawn = scenario(
        map={"src": "AA", "dst": "X"},
        moves=[
            {"old_address": "src", "old_size": "2p", "new_size": "4p", "flags": "MAYMOVE"},
            {"old_address": "dst", "old_size": "1p", "flags": "MAYMOVE|DONTUNMAP"},
        ],
    )
    dst = drawn.regions[1].start
    arena = b"%x-%x rw-p 00000000 00:00 0 \n" % (dst, dst + PAGE)
    before = arena + b"%x-%x rw-p 00000000 00:00 0 \n" % (CHOSEN, CHOSEN + 4 * PAGE)
    after = arena + b"%x-%x rw-p 00000000 00:00 0 \n" % (CHOSEN, CHOSEN + 260 * PAGE)
    moves = [(0, CHOSEN, False, None, None, None, None, None), (14, 0, False, before, None, after, None, None)]
    nothing: Any = ([], b"", [])
    execution = ResultDecoder().execution(prepare(drawn), (moves, [], [], [], nothing, 0, 0, [], {}, []))
    assert execution.outcome is not None
    assert [move.verdict for move in execution.outcome.moves] == ["moved", "refused"]
