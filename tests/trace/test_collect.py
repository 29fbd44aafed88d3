"""Logs of real programs as scenarios; each does what its trace shows, on this kernel and on the model of that one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.convert.trace.collect import collect, documents
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.scenario.parse import parse_document

DATA = Path(__file__).parent.parent / "data"
LOGS = ["python-list.log", "sqlite-mmap.log", "half-locked-fork.log", "half-locked-terminal.log"]


def imported(name: str, kernel: KernelVersion | None = None) -> dict[str, dict[str, Any]]:
    with (DATA / name).open() as file:
        return documents(collect(file), name, "t", kernel)


def imported_lines(*lines: str) -> list[dict[str, Any]]:
    return list(documents(collect(lines), "log", "t").values())


@pytest.mark.parametrize("name", LOGS)
def test_what_was_seen_is_what_the_scenario_does(name: str) -> None:
    """The verdict that the trace shows comes true on the running kernel and on the model of the one that was traced."""
    scenarios = [
        parse_document(document, name=title)
        for title, document in imported(name, KernelVersion.parse("6.18.44")).items()
    ]
    assert scenarios
    expected = [scenario.expect[0].moves[-1].verdict for scenario in scenarios]
    model = ModelExecutor(resolve("6.18.44"))
    assert [execution.outcome and execution.outcome.moves[-1].verdict for execution in model.run(scenarios)] == expected
    if KernelVersion.parse(os.uname().release) >= KernelVersion.parse("6.17"):
        with LiveExecutor() as live:
            seen = [execution.outcome and execution.outcome.moves[-1].verdict for execution in live.run(scenarios)]
        assert seen == expected


def test_a_program_that_will_notice_the_new_kernel() -> None:
    """Half of a mapping was locked: 6.16 fails and loses the destination, 6.17 moves it."""
    document = imported("half-locked-fork.log")["t-move-2"]
    assert document["map"]["src"] == "AABB"
    assert document["vmas"]["A"] == {"lock": True}
    scenario = parse_document(document)
    verdicts = []
    for kernel in ("6.16", "6.17"):
        (execution,) = ModelExecutor(resolve(kernel)).run([scenario])
        assert execution.outcome
        verdicts.append(execution.outcome.moves[-1].verdict)
    assert verdicts == ["damaged", "moved"]


def test_a_forked_child_has_the_mappings_and_not_the_lock() -> None:
    for name in ("half-locked-fork.log", "half-locked-terminal.log"):
        child = imported(name)["t-move"]
        assert child["map"]["src"] == "AABB"
        assert child["vmas"]["A"] == {"lock": True}  # the parent's, for the two do not merge in the child
        assert child["process"] == {"fork": True}


def test_repeated_growth_is_one_scenario_with_a_count() -> None:
    found = imported("python-list.log")
    counts = [document["about"].split(" in ")[0] for document in found.values()]
    assert "Seen 9 times" in counts
    assert len(found) < 10


def test_a_file_map_is_one_with_its_neighbours() -> None:
    (moved,) = [document for document in imported("sqlite-mmap.log").values() if "B{" not in str(document["map"])][:1]
    assert moved["vmas"]["A"] == {"kind": "file", "prot": "r", "file": "grow-db", "touch": False}


MMAP = "mmap(NULL, {size}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = {at}"


def test_sizes_do_not_make_another_shape() -> None:
    found = imported_lines(
        MMAP.format(size=8192, at="0x7f0000000000"),
        "mremap(0x7f0000000000, 8192, 16384, MREMAP_MAYMOVE) = 0x7f0000000000",
        MMAP.format(size=40960, at="0x7e0000000000"),
        "mremap(0x7e0000000000, 40960, 81920, MREMAP_MAYMOVE) = 0x7e0000000000",
    )
    (one,) = found
    assert one["map"] == {"src": "AA"}
    assert one["about"].startswith("Seen 2 times in log, 4 to 20 pages long")


def test_another_thread_shares_the_address_space_and_a_new_program_has_its_own() -> None:
    lines = [
        "1 " + MMAP.format(size=8192, at="0x7f0000000000"),
        "1 mprotect(0x7f0000000000, 8192, PROT_READ) = 0",
        "1 clone(child_stack=0x1, flags=CLONE_VM|CLONE_FS|CLONE_THREAD) = 2",
        "2 mremap(0x7f0000000000, 8192, 4096, 0) = 0x7f0000000000",
        '3 execve("/bin/x", ["x"], 0x1 /* 1 var */) = 0',
        "3 " + MMAP.format(size=8192, at="0x7f0000000000"),
        "3 mremap(0x7f0000000000, 8192, 4096, 0) = 0x7f0000000000",
    ]
    thread, program = imported_lines(*lines)
    assert thread["vmas"] == {"A": {"prot": "r"}}
    assert "vmas" not in program


def test_the_heap_and_what_the_kernel_mapped() -> None:
    (heap,) = imported_lines(
        "brk(NULL) = 0x555500000000",
        "brk(0x555500021000) = 0x555500021000",
        "mremap(0x555500000000, 4096, 8192, 0) = -1 ENOMEM (Cannot allocate memory)",
    )
    assert heap["map"] == {"src": "AAA"}
    (stack,) = imported_lines("mremap(0x7ffc00000000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f0000000000")
    assert stack["map"] == {"src": "AB"}
    assert stack["vmas"] == {"B": {"prot": "none", "touch": False}}
    assert "not in the log" in stack["about"]


def test_mappings_that_met_after_they_were_touched_are_brought_together_by_a_move() -> None:
    (first, second) = imported_lines(
        MMAP.format(size=8192, at="0x7f0000000000"),
        MMAP.format(size=8192, at="0x7e0000000000"),
        "mremap(0x7e0000000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f0000002000) = 0x7f0000002000",
        "mremap(0x7f0000000000, 16384, 32768, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
    )
    assert first["map"] == {"src": "AA", "dst": "XX.."}
    assert second["map"] == {"src": "AA..", "far": "BB"}
    assert second["moves"][0] == {
        "old_address": "far",
        "old_size": "2p",
        "new_address": "src+2p",
        "flags": "MAYMOVE|FIXED",
    }
    (execution,) = ModelExecutor(resolve("6.18")).run([parse_document(second)])
    assert execution.outcome
    assert execution.outcome.moves[-1].errno == "EFAULT"


def test_kinds_of_mappings() -> None:
    at = 0x7F0000000000
    kinds = {
        "MAP_SHARED|MAP_ANONYMOUS, -1, 0": {"kind": "anon-shared"},
        "MAP_SHARED, 3</memfd:ring>(deleted), 0x2000": {"kind": "memfd", "file": "ring", "offset": "2p"},
        "MAP_PRIVATE, 3</dev/zero>, 0": {"kind": "dev-zero"},
        "MAP_SHARED, 3</dev/shm/Q>, 0": {"kind": "tmpfs", "file": "q"},
        "MAP_PRIVATE, 3</srv/Data 1.bin>, 0": {"kind": "file", "sharing": "private", "file": "data-1-bin"},
        "MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0": {"kind": "growsdown"},
        "MAP_PRIVATE, 9, 0": {"kind": "file", "sharing": "private", "file": "fd9"},
    }
    for arguments, entry in kinds.items():
        (document,) = imported_lines(
            f"mmap(NULL, 4096, PROT_READ|PROT_WRITE, {arguments}) = {at:#x}",
            f"mremap({at:#x}, 4096, 4096, 0) = {at:#x}",
        )
        assert document["vmas"] == {"A": entry}


def test_locks_advice_seals_and_userfaultfds() -> None:
    lines = [
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
        "mlock2(0x7f0000000000, 4096, MLOCK_ONFAULT) = 0",
        "madvise(0x7f0000000000, 4096, MADV_DONTFORK) = 0",
        "madvise(0x7f0000000000, 4096, MADV_DONTNEED) = 0",
        "ioctl(3, UFFDIO_REGISTER, {range={start=0x7f0000000000, len=0x1000}, mode=UFFDIO_REGISTER_MODE_MISSING, "
        "ioctls=1<<_UFFDIO_WAKE}) = 0",
        "mseal(0x7f0000000000, 4096, 0) = 0",
        "mremap(0x7f0000000000, 4096, 8192, MREMAP_MAYMOVE) = -1 EPERM (Operation not permitted)",
    ]
    (document,) = imported_lines(*lines)
    entry = {"lock": "on-fault", "uffd": "missing", "advice": "dontfork", "seal": True}
    assert document["vmas"] == {"A": entry}


def test_what_is_too_large_is_drawn_smaller_and_what_cannot_be_read_is_told() -> None:
    collection = collect(
        [
            "mmap(NULL, 1099511627776, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7e0000000000",
            "mremap(0x7e0000000000, 1099511627776, 4096, 0) = 0x7e0000000000",
            "mremap(0x7e0000000000, what, 4096, 0) = 0x7e0000000000",
        ]
    )
    (document,) = documents(collection, "log", "t").values()
    assert "Long stretches are drawn shorter than they were." in document["about"]
    assert document["moves"][0]["new_size"] == "1p"
    assert [unread.line for unread in collection.reading.ledger.unread] == [3]
    assert {why: left.lines for why, left in collection.reading.left.items()} == {"its arguments cannot be read": [3]}


def test_long_runs_are_not_touched() -> None:
    (document,) = imported_lines(
        MMAP.format(size=1 << 24, at="0x7f0000000000"),
        f"mremap(0x7f0000000000, {1 << 24}, {1 << 25}, MREMAP_MAYMOVE) = 0x7f0000000000",
    )
    assert document["map"] == {"src": "A{4096}"}
    assert document["vmas"] == {"A": {"touch": False}}
