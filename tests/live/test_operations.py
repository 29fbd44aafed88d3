"""Every attribute and operation does what it says, and what it did is seen."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from mremapcheck.executors.live.explain import explain
from mremapcheck.executors.live.objects import Objects
from mremapcheck.executors.live.observation import Pages, contents
from mremapcheck.executors.live.proc import Proc
from mremapcheck.linux.numbers import (
    ADVICE,
    MAP_ANONYMOUS,
    MAP_SHARED,
    PROT_READ,
    PROT_WRITE,
    SYS_MADVISE,
    SYS_MMAP,
    SYS_MUNMAP,
)
from mremapcheck.linux.pages import ARENA_START, PAGE
from mremapcheck.linux.syscalls import call
from tests.live.conftest import Run, See, move

NOTHING: list[dict[str, Any]] = [move("3p", "0", new_size="3p")]


@pytest.mark.parametrize(
    ("prot", "seen", "drawn"),
    [("none", "---", "AAA"), ("r", "r--", "AAA"), ("rx", "r-x", "AAA"), ("rwx", "rwx", "AAA")],
)
def test_protections(see: See, prot: str, seen: str, drawn: str) -> None:
    outcome = see(vmas={"A": {"prot": prot}})
    assert outcome.mappings[0].prot == seen  # contents are read last, so PROT_NONE is still seen
    assert outcome.regions["dst"] == drawn


def test_untouched_pages_hold_nothing(see: See) -> None:
    outcome = see(vmas={"A": {"touch": False}}, moves=[{"op": "touch", "address": "src+1p", "size": "1p"}, move()])
    assert (outcome.regions["dst"], outcome.residency["dst"]) == ("_A_", "-#-")
    assert outcome.contents == (("dst", 1, 1, "A", 1),)


def test_reading_makes_present(see: See) -> None:
    outcome = see(vmas={"A": {"touch": False}}, moves=[{"op": "read", "address": "src", "size": "2p"}, move()])
    assert (outcome.regions["dst"], outcome.residency["dst"]) == ("___", "##-")


def test_many_pages(see: See) -> None:
    outcome = see(map={"src": "A{3000}", "dst": ".{3000}"}, moves=[move("3000p")])
    assert outcome.regions["dst"] == "A" * 3000 and outcome.residency["dst"] == "#" * 3000
    assert outcome.contents == (("dst", 0, 3000, "A", 0),)


def test_holes_and_boundaries(see: See) -> None:
    outcome = see(
        map={"src": "AAAAA"},
        moves=[
            {"op": "munmap", "address": "src+1p", "size": "1p"},
            {"op": "mprotect", "address": "src+3p", "size": "1p", "prot": "r"},
            {"old_address": "src", "old_size": "1p", "flags": 0},
        ],
    )
    assert outcome.regions["src"] == "A.AAA"
    assert [(m.start, m.pages, m.prot) for m in outcome.mappings] == [
        (0, 1, "rw-"),
        (2, 1, "rw-"),
        (3, 1, "r--"),
        (4, 1, "rw-"),
    ]
    assert outcome.counters == {"locked": 0, "total": 4}


@pytest.mark.parametrize("lock", [True, "on-fault"])
def test_locks(see: See, lock: object) -> None:
    outcome = see(vmas={"A": {"lock": lock, "touch": False}})
    assert "locked" in outcome.mappings[0].flags
    assert outcome.counters == {"locked": 3, "total": 3}
    assert outcome.residency["dst"] == ("###" if lock is True else "---")


def test_locked_without_access(see: See) -> None:
    """mlock(2) says ENOMEM, because it cannot make the pages present, but they are locked."""
    outcome = see(vmas={"A": {"lock": True, "prot": "none", "touch": False}})
    assert "locked" in outcome.mappings[0].flags and outcome.counters["locked"] == 3


def test_munlock(see: See) -> None:
    outcome = see(vmas={"A": {"lock": True}}, moves=[{"op": "munlock", "address": "src", "size": "1p"}, *NOTHING])
    assert outcome.counters["locked"] == 2


@pytest.mark.parametrize("advice", ["dontfork", "dontdump", "wipeonfork", "nohugepage", "random", "sequential"])
def test_advice(see: See, advice: str) -> None:
    assert advice in see(vmas={"A": {"advice": advice}}).mappings[0].flags


def test_names(see: See) -> None:
    """A name keeps neighbours from merging."""
    outcome = see(map={"src": "AB", "dst": ".."}, vmas={"B": {"name": "other"}}, moves=[move("1p", "0")])
    assert [(mapping.start, mapping.pages, mapping.backing) for mapping in outcome.mappings] == [
        (0, 1, "anon"),
        (1, 1, "anon"),
    ]


def test_guard_pages(see: See) -> None:
    outcome = see(map={"src": "AAAA", "dst": "...."}, vmas={"A": {"guard": [1, 3]}}, moves=[move("4p")])
    assert outcome.regions["dst"] == "A?A?"
    assert outcome.unobserved == {"dst+1p": "guard page", "dst+3p": "guard page"}


def test_a_guard_page_of_a_file_is_not_beyond_its_end(see: See) -> None:
    """A shorter file beside it says nothing about this one."""
    outcome = see(
        map={"src": "AAB", "dst": "..."},
        vmas={"A": {"kind": "memfd", "file": "m", "offset": "2p", "guard": [0]}, "B": {"kind": "anon-shared"}},
    )
    assert outcome.regions["dst"] == "?AB"
    assert outcome.unobserved == {"dst": "guard page"}


def test_beyond_the_end_of_a_file_there_are_no_guard_pages(see: See) -> None:
    """Not even where other files are longer, and other memory has guard pages."""
    outcome = see(
        map={"src": "A", "dst": "....", "far": "BBB", "other": "C"},
        vmas={"A": {"kind": "memfd"}, "B": {"kind": "memfd"}, "C": {"guard": [0]}},
        moves=[move("1p", new_size="2p")],
    )
    assert outcome.unobserved == {"dst+1p": "beyond the end of the file", "other": "guard page"}


def test_seals(see: See) -> None:
    outcome = see(vmas={"A": {"seal": True}})
    assert outcome.moves[0].errno == "EPERM"
    assert "sealed" in outcome.mappings[0].flags
    assert outcome.regions["src"] == "AAA"


def test_sealed_and_unreadable(see: See) -> None:
    outcome = see(vmas={"A": {"seal": True, "prot": "none"}})
    assert outcome.regions["src"] == "???"
    assert set(outcome.unobserved.values()) == {"sealed without read permission"}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"op": "mprotect", "address": "dst", "size": "1p", "prot": "r"}, "mprotect failed: ENOMEM"),
        ({"op": "madvise", "address": "dst", "size": "1p", "advice": "dontfork"}, "madvise failed: ENOMEM"),
        ({"op": "mlock", "address": "dst", "size": "1p"}, "mlock failed: ENOMEM"),
        ({"op": "touch", "address": "src+2p", "size": "2p", "letter": "Z"}, "touch failed: EFAULT at page 1"),
        ({"op": "read", "address": "dst+1p", "size": "1p"}, "read failed: EFAULT at page 0"),
    ],
)
def test_failing_operation_is_an_error(run: Run, operation: dict[str, Any], reason: str) -> None:
    execution = run(moves=[operation, move()])
    assert execution.status == "error" and execution.outcome is None
    assert (
        execution.reason is not None
        and execution.reason.startswith(f"{operation['op']}[0]")
        and execution.reason.endswith(reason)
    )


def test_every_move_has_its_verdict(see: See) -> None:
    outcome = see(
        moves=[
            move("3p", "MAYMOVE|FIXED", old_address="dst", new_address="src"),
            move(),
            move("1p", "0", old_address="dst", new_size="2p"),
            move("0p", "MAYMOVE|FIXED", old_address="dst", new_size="3p", new_address="src"),
            move("3p", "0", old_address="dst", new_size="1p"),
        ],
        vmas={"A": {"kind": "anon-shared"}},
    )
    assert [(moved.errno, moved.verdict) for moved in outcome.moves] == [
        ("EFAULT", outcome.moves[0].verdict),
        (None, "moved"),
        ("ENOMEM", "refused"),
        (None, "duplicated"),
        (None, "resized"),
    ]
    assert outcome.regions == {"src": "AAA", "dst": "A.."}


def test_what_the_kernel_places(see: See) -> None:
    outcome = see(map={"src": "AAB"}, moves=[move("2p", "MAYMOVE", new_size="3p", new_address="src")])
    assert outcome.moves[0].result == "elsewhere"
    assert outcome.regions == {"src": "..B", "elsewhere": "AA_"}
    assert outcome.residency["elsewhere"] == "##-"
    assert {mapping.region: mapping.pages for mapping in outcome.mappings} == {"src": 1, "elsewhere": 3}
    assert outcome.counters["total"] == 4


def test_duplicates_at_places_of_the_kernel(see: See) -> None:
    again = {"old_address": "src", "old_size": "0p", "new_size": "3p", "flags": "MAYMOVE"}
    outcome = see(vmas={"A": {"kind": "memfd"}}, moves=[again, again])
    assert [moved.result for moved in outcome.moves] == ["elsewhere", "elsewhere2"]
    assert outcome.regions["elsewhere"] == outcome.regions["elsewhere2"] == "AAA"
    assert outcome.counters["total"] == 9


def test_what_a_move_left_behind(see: See) -> None:
    """MREMAP_DONTUNMAP: the source stays, and its pages are gone."""
    outcome = see(moves=[move("3p", "MAYMOVE|FIXED|DONTUNMAP")])
    assert outcome.regions == {"src": "___", "dst": "AAA"}
    assert outcome.residency == {"src": "---", "dst": "###"}


def test_a_kernel_without_swap_is_no_answer() -> None:
    willneed = (SYS_MADVISE, ARENA_START, PAGE, ADVICE["willneed"])
    trouble = explain(willneed, errno.EBADF, Proc(), Objects(), False, False)
    assert trouble is not None and trouble.skip.endswith("it is built without CONFIG_SWAP")


LARGE = {"op": "mmap", "address": "src", "size": "80000p", "letter": "A"}


@pytest.mark.parametrize("kind", ["anon-shared", "memfd", "tmpfs", "sysv-shm"])
@pytest.mark.parametrize("size", ["80000p", "80004p"])
def test_large_shared_memory_is_read_where_it_holds_something(see: See, kind: str, size: str) -> None:
    outcome = see(
        map={"src": ".", "dst": "."},
        moves=[
            {**LARGE, "kind": kind},
            *({"op": "touch", "address": f"src+{page}p", "size": "1p"} for page in (1, 70000)),
            {"op": "madvise", "address": "src+70000p", "size": "1p", "advice": "dontneed"},
            move("80000p", new_size=size),
        ],
    )
    grown = int(size[:-1]) - 80000
    assert outcome.regions["dst"] == f"_A{'_' * 69998}A{'_' * 9999}{'?' * grown}"
    assert outcome.residency["dst"].count("#") == 1
    assert set(outcome.unobserved.values()) == ({"beyond the end of the file"} if grown else set())


def test_reading_large_shared_memory_makes_no_pages() -> None:
    count = 80000
    start = call(SYS_MMAP, 0, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    try:
        pages = Pages()
        pages.write(start + 5 * PAGE, b"contents")
        (line,) = [line for line in Proc().all_maps() if line.startswith(b"%x-" % start)]
        present = [(start // PAGE, bytes(5) + b"\1" + bytes(count - 6))]
        head = start, start + count * PAGE, True, False
        assert contents(pages, [line], [head], [head[:2]], present, {}) == ([(start // PAGE + 5, 1)], b"contents", [])
    finally:
        call(SYS_MUNMAP, start, count * PAGE)
