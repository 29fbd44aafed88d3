"""Logs of real programs as scenarios; each does what its trace shows, on this kernel and on the model of that one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.convert.strace.logs import read, source_of, stem_of
from mremapcheck.convert.strace.oracles import models
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.parse import parse_document
from tests.strace.reading import collect, documents

DATA = Path(__file__).parent.parent / "data"
MISSING, WP = "UFFDIO_REGISTER_MODE_MISSING", "UFFDIO_REGISTER_MODE_WP"
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


MOVE = "mremap({at:#x}, {size}, {size}, MREMAP_MAYMOVE|MREMAP_FIXED, {to:#x}) = {to:#x}"


def model_of(document: dict[str, Any], kernel: str) -> str:
    (execution,) = ModelExecutor(resolve(kernel)).run([parse_document(document)])
    assert execution.outcome
    return str(execution.outcome.moves[-1])


def test_a_hole_is_a_hole() -> None:
    (document,) = imported_lines(
        MMAP.format(size=12288, at="0x7f0000000000"),
        "munmap(0x7f0000001000, 4096) = 0",
        MOVE.format(at=0x7F0000000000, size=12288, to=0x7E0000000000),
    )
    assert document["map"]["src"] == "A.B"
    assert [model_of(document, kernel) for kernel in ("6.12", "6.17")] == ["EFAULT refused", "moved"]


def test_a_neighbour_where_the_growth_ends_is_drawn() -> None:
    (document,) = imported_lines(
        MMAP.format(size=12288, at="0x7f0000000000"),
        "munmap(0x7f0000001000, 4096) = 0",
        "mremap(0x7f0000000000, 4096, 8192, 0) = 0x7f0000000000",
    )
    assert document["map"]["src"] == "A.B"


def test_what_lies_between_two_near_ranges_is_drawn() -> None:
    (document,) = imported_lines(
        MMAP.format(size=49152, at="0x7f0000000000"),
        "munmap(0x7f0000004000, 4096) = 0",
        MOVE.format(at=0x7F0000000000, size=8192, to=0x7F0000008000),
    )
    assert document["map"] == {"src": "AAAA.BBBBBBB"}


def test_a_second_question_for_the_heap_forgets_nothing() -> None:
    (document,) = imported_lines(
        "brk(NULL) = 0x555500000000",
        "mmap(NULL, 16384, PROT_READ, MAP_SHARED, 3</tmp/db>, 0) = 0x7f0000000000",
        "brk(NULL) = 0x555500000000",
        "brk(0x555500021000) = 0x555500021000",
        "mremap(0x7f0000000000, 16384, 32768, MREMAP_MAYMOVE) = 0x7e0000000000",
    )
    assert document["vmas"]["A"]["kind"] == "file"


@pytest.mark.parametrize(
    ("lines", "letter"),
    [
        (["mseal({at}, 8192, 0) = 0"], {"seal": True}),
        (["syscall_0x1ce({at}, 0x2000, 0, 0, 0, 0) = 0"], {"seal": True}),
        (["mlockall(MCL_CURRENT|MCL_FUTURE) = 0"], {"lock": True}),
        (["mlockall(MCL_CURRENT|MCL_ONFAULT) = 0"], {"lock": "on-fault"}),
        (["mlockall(MCL_CURRENT) = 0", "munlockall() = 0"], {}),
        (["pkey_mprotect({at}, 8192, PROT_READ, 1) = 0"], {"prot": "r", "pkey": 1}),
        (
            ["pkey_mprotect({at}, 8192, PROT_READ, 1) = 0", "pkey_mprotect({at}, 8192, PROT_NONE, -1) = 0"],
            {"prot": "none", "touch": False, "pkey": 1},
        ),
        (
            ["pkey_mprotect({at}, 8192, PROT_READ, 3) = 0", "pkey_mprotect({at}, 8192, PROT_READ, 0) = 0"],
            {"prot": "r"},
        ),
        (["madvise({at}, 8192, 0x66 /* MADV_??? */) = 0"], {"advice": "guard-install"}),
        (["madvise({at}, 8192, MADV_GUARD_INSTALL) = 0", "madvise({at}, 8192, 103) = 0"], {}),
        (["madvise({at}, 8192, 0xa /* MADV_DONTFORK */) = 0"], {"advice": "dontfork"}),
        (['prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, {at}, 8192, "heap") = 0'], {"name": "heap"}),
        (['prctl(PR_SET_VMA, 0, {at}, 8192, "a \\"long\\" one"...) = 0'], {"name": 'a "long" one'}),
        (
            [
                "ioctl(3, UFFDIO_API, {{api=0xaa, features=UFFD_FEATURE_EVENT_REMAP => features=0x1ff}}) = 0",
                "ioctl(3, 0xc020aa00 /* UFFDIO_REGISTER */, {{range={{start={at}, len=0x2000}}, mode=0x1}}) = 0",
            ],
            {"uffd": "missing+events"},
        ),
    ],
)
def test_everything_that_changes_memory_is_read(lines: list[str], letter: dict[str, Any]) -> None:
    at = "0x7f0000000000"
    (document,) = imported_lines(
        MMAP.format(size=8192, at=at),
        *(line.format(at=at) for line in lines),
        f"mremap({at}, 8192, 8192, MREMAP_MAYMOVE) = {at}",
    )
    assert document.get("vmas", {}).get("A", {}) == letter


def test_what_the_format_has_no_words_for_is_said() -> None:
    at = "0x7f0000000000"
    (device,) = imported_lines(
        f"mmap(NULL, 8192, PROT_READ, MAP_SHARED, 5</dev/dri/card0<char 226:0>>, 0) = {at}",
        f"mremap({at}, 8192, 4096, 0) = {at}",
    )
    assert "Not drawn: that /dev/dri/card0 is a device's" in device["about"]
    (two,) = imported_lines(
        MMAP.format(size=8192, at=at),
        f"ioctl(3, UFFDIO_REGISTER, {{range={{start={at}, len=0x2000}}, mode={MISSING}|{WP}}}) = 0",
        f"mremap({at}, 8192, 4096, 0) = {at}",
    )
    assert two["vmas"] == {"A": {"uffd": "missing"}}
    assert f"Not drawn: {WP}." in two["about"]
    (unnamed,) = imported_lines(
        f"mmap(NULL, 8192, PROT_READ, MAP_SHARED, 5, 0) = {at}", f"mremap({at}, 8192, 4096, 0) = {at}"
    )
    assert "Which file a descriptor stands for is not in the log" in unnamed["about"]


def test_system_v_segments_come_and_go() -> None:
    found = imported_lines(
        "shmget(IPC_PRIVATE, 65536, 0x1c0|0600) = 7",
        "shmat(7, NULL, SHM_RDONLY) = 0x7f0000000000",
        "mremap(0x7f0000004000, 0, 8192, MREMAP_MAYMOVE) = 0x7e0000000000",
        "shmdt(0x7f0000000000) = 0",
        "mremap(0x7f0000004000, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
    )
    assert found[0]["vmas"]["A"] == {"kind": "sysv-shm", "prot": "r", "file": "shm7", "touch": False}
    assert found[1]["map"] == {"src": "."}


def test_a_huge_memfd_is_known_by_its_flags_and_drawn_aligned() -> None:
    (document,) = imported_lines(
        'memfd_create("big", MFD_HUGETLB|MFD_CLOEXEC) = 4',
        "mmap(NULL, 4194304, PROT_READ|PROT_WRITE, MAP_SHARED, 4, 0) = 0x7f0000200000",
        "mremap(0x7f0000200000, 4194304, 2097152, MREMAP_MAYMOVE) = 0x7f0000200000",
    )
    assert document["vmas"]["A"]["kind"] == "memfd-hugetlb"
    assert document["map"] == {"src": {"pages": "A{1024}", "align": "2M"}}


def test_made_up_results_are_left_out() -> None:
    collection = collect(["mremap(0x7f0000000000, 4096, 8192, 0) = -1 ENOMEM (Cannot allocate memory) (INJECTED)"])
    assert documents(collection, "log", "t") == {}
    assert list(collection.reading.left) == ["strace made the result up"]


def held(kernel: str, *lines: str) -> list[dict[str, Any]]:
    """Import lines with what the model of a kernel does held against them."""
    version = KernelVersion.parse(kernel)
    return list(documents(collect(lines), "log", "t", version, models(version)).values())


def test_a_drawing_that_contradicts_the_result_expects_nothing() -> None:
    at = "0x7f0000000000"
    (document,) = held("6.18", MMAP.format(size=8192, at=at), f"mremap({at}, 8192, 16384, 0) = -1 EFAULT (Bad address)")
    assert "expect" not in document
    assert "Nothing is expected: drawn like this it is" in document["about"]


@pytest.mark.parametrize("kernel", ["4.18.0-553.el8.x86_64", "5.14.0-503.el9.x86_64", "9.9"])
def test_a_kernel_with_backports_or_without_a_model_is_held_against_all(kernel: str) -> None:
    at, to = 0x7F0000000000, 0x7E0000000000
    lines = [MMAP.format(size=12288, at=hex(at)), f"munmap({at + 4096:#x}, 4096) = 0"]
    (document,) = held(kernel, *lines, MOVE.format(at=at, size=12288, to=to))
    assert document["expect"][0]["verdict"] == "moved"


def test_a_limit_that_the_log_does_not_show_is_taken_from_the_result() -> None:
    at = "0x7f0000000000"
    again = f"mremap({at}, 8192, 16384, MREMAP_MAYMOVE) = -1 EAGAIN (Resource temporarily unavailable)"
    for lock in ("mlockall(MCL_FUTURE) = 0", "getpid() = 1"):
        (document,) = held("6.18", lock, MMAP.format(size=8192, at=at), again)
        assert document["process"] == {"rlimits": {"memlock": "+0p"}}
        assert document["vmas"] == {"A": {"lock": True}}
        assert document["expect"] == [{"kernel": "==6.18.0", "errno": "EAGAIN"}]


def test_a_duplicate_proves_shared_memory_and_a_growth_without_room_that_the_page_is_mapped() -> None:
    (duplicate,) = held("6.18", "mremap(0x7f0000000000, 0, 8192, MREMAP_MAYMOVE) = 0x7e0000000000")
    assert duplicate["vmas"]["A"] == {"kind": "anon-shared"}
    (private,) = held(
        "6.18",
        MMAP.format(size=8192, at="0x7f0000000000"),
        "mremap(0x7f0000000000, 0, 8192, MREMAP_MAYMOVE) = 0x7e0000000000",
    )
    assert private["vmas"]["A"] == {"kind": "anon-shared"}
    assert "only shared memory gets a second mapping" in private["about"]
    (full,) = held("6.18", "mremap(0x7f0000000000, 4096, 8192, 0) = -1 ENOMEM (Cannot allocate memory)")
    assert full["map"] == {"src": "AB"}
    assert full["expect"][0]["errno"] == "ENOMEM"


def test_a_hidden_hint_is_said_to_be_unknown() -> None:
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        MMAP.format(size=8192, at=at),
        f"mremap({at}, 8192, 8192, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = -1 EINVAL (Invalid argument)",
    )
    assert "expect" not in document
    assert "does not show new_address" in document["about"]
    (shown,) = held(
        "6.18",
        MMAP.format(size=8192, at=at),
        "mremap(0x7f0000000000, 0x2000, 0x2000, 0x5, 0x7f0000000000) = -1 EINVAL (Invalid argument)",
    )
    assert shown["moves"][0]["new_address"] == "src"
    assert shown["expect"][0]["errno"] == "EINVAL"


def test_flags_of_mmap_that_keep_mappings_apart_are_drawn() -> None:
    fixed = "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"
    (document,) = held(
        "6.18",
        f"mmap(0x7f0000000000, 8192, PROT_READ|PROT_WRITE, {fixed}|MAP_NORESERVE, -1, 0) = 0x7f0000000000",
        f"mmap(0x7f0000002000, 8192, PROT_READ|PROT_WRITE, {fixed}, -1, 0) = 0x7f0000002000",
        f"mmap(0x7f0000004000, 8192, PROT_READ|PROT_WRITE, {fixed}|MAP_STACK, -1, 0) = 0x7f0000004000",
        "mremap(0x7f0000000000, 16384, 20480, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
    )
    assert document["vmas"] == {"A": {"noreserve": True}, "C": {"stack": True}}
    assert document["expect"][0]["errno"] == "EFAULT"


def test_what_cannot_be_drawn_keeps_mappings_apart_all_the_same() -> None:
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        f"mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = {at}",
        "map_shadow_stack(0x7f0000002000, 4096, 0) = 0x7f0000002000",
        f"mremap({at}, 12288, 20480, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
    )
    assert document["map"]["src"] == "AAB"
    assert document["vmas"] == {"A": {"prot": "r"}, "B": {"prot": "r", "advice": "dontdump"}}
    assert document["expect"][0]["errno"] == "EFAULT"
    assert "map_shadow_stack" in document["about"]


def test_a_memfd_whose_minor_faults_are_asked_for() -> None:
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        f"mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3</memfd:m>, 0) = {at}",
        f"ioctl(4, UFFDIO_REGISTER, {{range={{start={at}, len=0x2000}}, mode=UFFDIO_REGISTER_MODE_MINOR}}) = 0",
        f"mremap({at}, 8192, 4096, 0) = {at}",
    )
    assert document["vmas"]["A"] == {"kind": "memfd", "file": "m", "uffd": "minor"}


def test_a_userfaultfd_is_about_the_memory_of_who_made_it() -> None:
    """A child that inherits it registers its parent's memory with it, not its own."""
    at = "0x7f0000000000"
    lines = [
        f"1 {MMAP.format(size=8192, at=at)}",
        "1 userfaultfd(O_CLOEXEC) = 5",
        "1 clone(child_stack=NULL, flags=SIGCHLD) = 2",
        f"2 ioctl(5, UFFDIO_REGISTER, {{range={{start={at}, len=0x2000}}, mode={MISSING}}}) = 0",
        f"2 mremap({at}, 8192, 4096, 0) = {at}",
        f"1 mremap({at}, 8192, 12288, MREMAP_MAYMOVE) = {at}",
    ]
    child, parent = imported_lines(*lines)
    assert "vmas" not in child
    assert parent["vmas"] == {"A": {"uffd": "missing"}}


def test_holes_that_move_leave_what_lies_at_the_new_place() -> None:
    """Since 6.17 also where there is one mapping and a hole behind it."""
    src, dst = "0x7f0000000000", "0x7f0000100000"
    lines = [
        MMAP.format(size=16384, at=src),
        "munmap(0x7f0000001000, 12288) = 0",
        MMAP.format(size=16384, at=dst),
        f"mremap({src}, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, {dst}) = {dst}",
        f"mremap({dst}, 16384, 4096, 0) = {dst}",
    ]
    (_, shrunk) = imported_lines(*lines)
    assert shrunk["map"] == {"src": "A...", "far": "BBB"}


def test_what_lies_between_and_cannot_be_made_is_left_out() -> None:
    """Here more mappings than there are letters, none like another."""
    between = [
        line
        for number, address in enumerate(range(0x7F0000008000, 0x7F0000008000 + 64 * 8192, 8192))
        for line in (
            MMAP.format(size=4096, at=hex(address)),
            f'prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, {address:#x}, 4096, "n{number}") = 0',
        )
    ]
    (document,) = held(
        "6.18",
        MMAP.format(size=8192, at="0x7f0000000000"),
        *between,
        "mremap(0x7f0000000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f0000100000) = 0x7f0000100000",
    )
    assert document["map"] == {"src": "AA", "dst": ".."}
    assert "What lies between the old and the new place is not drawn." in document["about"]
    assert document["expect"] == [{"kernel": "==6.18.0", "verdict": "moved"}]


def test_a_guard_that_is_locked() -> None:
    """Locked pages become no guards, but guards can be locked, and mlock fails when all is."""
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        MMAP.format(size=8192, at=at),
        f"madvise({at}, 8192, 0x66 /* MADV_??? */) = 0",
        f"mlock({at}, 8192) = -1 ENOMEM (Cannot allocate memory)",
        f"mremap({at}, 8192, 4096, 0) = {at}",
    )
    assert document["vmas"]["A"] == {"advice": "guard-install"}
    assert document["moves"][0] == {"op": "mlock", "address": "src", "size": "2p", "errno": "ENOMEM"}


@pytest.mark.parametrize(
    ("lines", "letters"),
    [
        (["mlock({at}, 8192) = -1 ENOMEM (Cannot allocate memory)"], {}),  # the limit, which is looked at first
        (["mlock({at}, 16384) = -1 ENOMEM (Cannot allocate memory)"], {"A": {"lock": True}}),
        (["mlock({at}, 8192) = -1 EAGAIN (Resource temporarily unavailable)"], {"A": {"lock": True}}),
        (
            ["mprotect({at}, 8192, PROT_NONE) = 0", "mlock({at}, 8192) = -1 ENOMEM (Cannot allocate memory)"],
            {"A": {"prot": "none", "touch": False, "lock": True}},
        ),
        (["mprotect({at}, 16384, PROT_READ) = -1 ENOMEM (Cannot allocate memory)"], {"A": {"prot": "r"}}),
        (
            ["madvise({at}, 16384, MADV_DONTFORK) = -1 ENOMEM (Cannot allocate memory)"],
            {"A": {"advice": "dontfork"}, "B": {"advice": "dontfork"}},
        ),
        (
            ["mseal({next}, 4096, 0) = 0", "mprotect({at}, 8192, PROT_READ) = -1 EPERM (Operation not permitted)"],
            {"A": {"prot": "r"}, "B": {"seal": True}},
        ),
        (["mseal({at}, 16384, 0) = -1 ENOMEM (Cannot allocate memory)"], {}),
        (["mprotect({at}, 8192, 0x80000000) = -1 EINVAL (Invalid argument)"], {}),
    ],
)
def test_calls_that_fail_on_the_way_have_done_the_first_part(lines: list[str], letters: dict[str, Any]) -> None:
    """Two pages, a hole, a page."""
    at, then, last = "0x7f0000000000", "0x7f0000001000", "0x7f0000003000"
    (document,) = imported_lines(
        MMAP.format(size=16384, at=at),
        "munmap(0x7f0000002000, 4096) = 0",
        *(line.format(at=at, next=then) for line in lines),
        f"mremap({at}, 12288, 12288, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7e0000000000) = -1 EFAULT (Bad address)",
        f"munmap({last}, 4096) = 0",
    )
    assert document.get("vmas", {}) == letters


def test_what_a_child_does_itself_is_done_after_the_fork() -> None:
    at, size = "0x7f0000000000", 12288
    register = "ioctl(3, UFFDIO_REGISTER, {range={start=0x7f0000003000, len=0x1000}, mode=UFFDIO_REGISTER_MODE_WP}) = 0"
    (document,) = held(
        "6.18",
        "1 " + MMAP.format(size=16384, at=at),
        f"1 mlock({at}, 4096) = 0",
        "1 fork() = 2",
        "2 mlock2(0x7f0000001000, 4096, MLOCK_ONFAULT) = 0",
        "2 madvise(0x7f0000002000, 4096, MADV_DONTFORK) = 0",
        "2 mseal(0x7f0000002000, 4096, 0) = 0",
        f"2 {register}",
        f"2 mremap({at}, {size}, {size}, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7e0000000000) = -1 EPERM",
    )
    assert document["process"] == {"fork": True}
    assert document["vmas"] == {"A": {"lock": True}}
    assert document["moves"][:-1] == [
        {"op": "mlock", "address": "src+1p", "size": "1p", "lock": "on-fault"},
        {"op": "madvise", "address": "src+2p", "size": "1p", "advice": "dontfork"},
        {"op": "mseal", "address": "src+2p", "size": "1p"},
        {"op": "uffd-register", "address": "src+3p", "size": "1p", "mode": "wp"},
    ]
    assert document["expect"][0]["errno"] == "EPERM"


@pytest.mark.parametrize(
    ("flags", "new_size", "drawn"),
    [
        ("MREMAP_MAYMOVE|MREMAP_FIXED", 16384, "AAA"),
        ("MREMAP_MAYMOVE|MREMAP_FIXED", 12288, "A.B"),
        ("MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP", 12288, "A.B"),
        ("MREMAP_MAYMOVE|MREMAP_DONTUNMAP", 12288, "AAA"),
    ],
)
def test_a_success_where_one_mapping_has_to_be_proves_it(flags: str, new_size: int, drawn: str) -> None:
    """Since 6.17 only a move of equal sizes to a fixed address may pass over holes."""
    (document,) = held(
        "6.18",
        MMAP.format(size=12288, at="0x7f0000000000"),
        "munmap(0x7f0000001000, 4096) = 0",
        f"mremap(0x7f0000000000, 12288, {new_size}, {flags}, 0x7e0000000000) = 0x7e0000000000",
    )
    assert document["map"]["src"] == drawn
    assert ("the call found all of it" in document["about"]) == (drawn == "AAA")


def test_what_must_be_one_mapping_was_moved_there_by_a_call_that_failed() -> None:
    """6.17 moved the first mapping before it came to the second, which may not be moved with others."""
    document = held(
        "6.17",
        "mmap(0x7f0000000000, 8192, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
        "mmap(0x7f0000002000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, 3</dev/zero>, 0) = 0x7f0000002000",
        "mmap(0x7e0000000000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7e0000000000",
        "mmap(0x7e0000001000, 4096, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7e0000001000",
        "mremap(0x7f0000000000, 12288, 12288, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7e0000000000) = -1 EFAULT (Bad address)",
        "mremap(0x7e0000000000, 8192, 20480, MREMAP_MAYMOVE) = 0x7c0000000000",
    )[-1]
    assert document["map"]["src"].startswith("AA")
    assert "The result proves one mapping: the call in line 5 moved it there" in document["about"]
    assert document["expect"][0]["verdict"] == "moved"


def test_a_duplicate_that_is_refused_proves_private_memory() -> None:
    at = "0x7f0000000000"
    refused = f"mremap({at}, 0, 8192, MREMAP_MAYMOVE) = -1 EINVAL (Invalid argument)"
    for before in (["munmap(0x7f0000000000, 4096) = 0"], []):
        (document,) = held("6.18", *before, refused)
        assert document["map"]["src"].strip(".") == "A"
        assert document["expect"][0]["errno"] == "EINVAL"
    (hidden,) = held("6.18", f"mremap({at}, 0, 8192, MREMAP_DONTUNMAP) = -1 EINVAL (Invalid argument)")
    assert hidden["map"]["src"].strip(".") == ""


@pytest.mark.parametrize("size", [2 << 30, 64 << 30])
def test_large_moves_are_drawn(size: int) -> None:
    (document,) = held(
        "6.18",
        MMAP.format(size=size, at="0x700000000000"),
        MOVE.format(at=0x700000000000, size=size, to=0x600000000000),
    )
    assert document["expect"] == [{"kernel": "==6.18.0", "verdict": "moved"}]
    assert ("drawn shorter" in document["about"]) == (size > 4 << 30)


def test_a_32_bit_program_is_said_to_be_one() -> None:
    (document,) = imported_lines(
        "mmap2(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0x10) = 0x40000000",
        "mremap(0x40000000, 8192, 16384, MREMAP_MAYMOVE) = 0x40200000",
    )
    assert document["vmas"]["A"]["offset"] == "16p"  # in pages, as the call takes it
    assert "32-bit" in document["about"]


def test_who_is_a_thread_is_guessed_and_said_where_the_log_has_no_clone() -> None:
    stack = "1 mmap(NULL, 8392704, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = 0x7d0000000000"
    lines = [
        "1 " + MMAP.format(size=8192, at="0x7f0000000000"),
        "2 munmap(0x7f0000001000, 4096) = 0",
        "1 mremap(0x7f0000000000, 8192, 8192, 0) = 0x7f0000000000",
    ]
    collection = collect(lines)
    (child,) = documents(collection, "log", "t").values()
    (thread,) = imported_lines(lines[0], stack, *lines[1:])
    assert (child["map"]["src"], thread["map"]["src"]) == ("AA", "A.")
    assert any("no clone" in note for note in collection.reading.ledger.notes)


def test_children_of_a_container_are_known_by_the_numbers_that_the_log_has() -> None:
    """With ``--decode-pids=pidns`` strace says which; without it their order is all there is."""
    for said in (" /* 812 in strace's PID NS */", ""):
        lines = [
            "811 " + MMAP.format(size=8192, at="0x7f0000000000"),
            "811 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2" + said,
            "811 munmap(0x7f0000000000, 8192) = 0",
            "812 mremap(0x7f0000000000, 8192, 4096, 0) = 0x7f0000000000",
        ]
        collection = collect(lines)
        (document,) = documents(collection, "log", "t").values()
        assert "guessed" not in document["about"]
        assert bool(said) != any("other numbers than clone told" in note for note in collection.reading.ledger.notes)


def test_clone3_without_its_arguments_makes_a_thread() -> None:
    for pointer in ("0x7ffdec458280", "0x7ffdec458380"):
        collection = collect(
            [
                "1 " + MMAP.format(size=8192, at="0x7f0000000000"),
                f"1 clone3({pointer}, 88) = 2",
                "2 mprotect(0x7f0000000000, 8192, PROT_READ) = 0",
                "1 mremap(0x7f0000000000, 8192, 4096, 0) = 0x7f0000000000",
            ]
        )
        (document,) = documents(collection, "log", "t").values()
        assert document["vmas"]["A"]["prot"] == "r"
        assert any("clone3" in note for note in collection.reading.ledger.notes)


def test_the_files_of_strace_ff_are_one_set_with_short_names(tmp_path: Path) -> None:
    parent = [
        "1700000000.000001 " + MMAP.format(size=8192, at="0x7f0000000000"),
        "1700000000.000002 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 12",
        "1700000000.000004 mprotect(0x7f0000000000, 8192, PROT_NONE) = 0",
    ]
    child = ["1700000000.000003 mremap(0x7f0000000000, 8192, 8192, MREMAP_MAYMOVE) = 0x7f0000000000"]
    for timed in (True, False):
        files = []
        for pid, lines in ((11, parent), (12, child)):
            path = tmp_path / f"prog.log.{pid}"
            path.write_text("".join(f"{line if timed else line.split(' ', 1)[1]}\n" for line in lines))
            files.append((path, path.read_text().splitlines()))
        collection = read(files)
        (name,) = documents(collection, source_of([path for path, _ in files]), stem_of([path for path, _ in files]))
        assert name == "prog-no-change"
        (document,) = documents(collection, "log", "t").values()
        assert "vmas" not in document
        assert collection.reading.ledger.unread == []


def test_reading_is_linear() -> None:
    """A growth costs as many steps among many as among few."""
    steps = []
    for count in (500, 2000):
        lines = [MMAP.format(size=4096, at="0x7f0000000000")]
        lines += [
            f"mremap(0x7f0000000000, {size * 4096}, {(size + 1) * 4096}, MREMAP_MAYMOVE) = 0x7f0000000000"
            for size in range(1, count)
        ]
        taken = 0

        def step(frame: Any, event: str, argument: Any) -> None:
            nonlocal taken
            taken += 1

        sys.setprofile(step)
        try:
            collection = collect(lines)
        finally:
            sys.setprofile(None)
        assert collection.reading.moves == count - 1
        steps.append(taken / count)
    assert steps[1] < 1.2 * steps[0]
    assert steps[1] < 220


def test_a_kind_that_is_known_by_a_number_only_is_said_to_be() -> None:
    """The number may be another file's by now."""
    for path, unknown in (("3", True), ("3</memfd:ring>(deleted)", False)):
        (document,) = imported_lines(
            'memfd_create("ring", 0) = 3',
            f"mmap(NULL, 8192, PROT_READ, MAP_SHARED, {path}, 0) = 0x7f0000000000",
            "mremap(0x7f0000000000, 8192, 4096, 0) = 0x7f0000000000",
        )
        assert document["vmas"]["A"]["kind"] == "memfd"
        assert ("Which file a descriptor stands for is not in the log" in document["about"]) == unknown


def test_a_new_address_that_is_not_looked_at_is_not_missed() -> None:
    """strace shows it only with MAYMOVE and FIXED; without MAYMOVE the kernel refuses before."""
    lines = (
        "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
        "mremap(0x7f0000000000, 4096, 4096, MREMAP_FIXED) = -1 EINVAL (Invalid argument)",
    )
    kernel = KernelVersion.parse("6.18")
    collection = collect(lines)
    (document,) = documents(collection, "log", "t", kernel, models(kernel)).values()
    assert collection.reading.ledger.unread == []
    assert document["expect"] == [{"kernel": "==6.18.0", "errno": "EINVAL"}]
    assert "at which the kernel does not look here" in document["about"]


def test_paths_that_are_printed_in_hexadecimal() -> None:
    path = "".join(f"\\x{ord(char):02x}" for char in "/memfd:buffer (deleted)")
    (document,) = imported_lines(
        f"mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3<{path}>, 0) = 0x7f0000000000",
        "mremap(0x7f0000000000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f0000010000",
    )
    assert document["vmas"]["A"] == {"kind": "memfd", "file": "buffer-deleted"}


def test_a_file_that_is_open_for_reading_only() -> None:
    """Shared memory of it has other flags, and is never one mapping with what was mapped for writing."""
    lines = [
        '1 openat(AT_FDCWD, "/tmp/db", O_RDWR) = 3</tmp/db>',
        '1 openat(AT_FDCWD, "/tmp/db", O_RDONLY|O_CLOEXEC) = 4</tmp/db>',
        "1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</tmp/db>, 0) = 0x7f0000000000",
        "1 mmap(0x7f0000001000, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, 4</tmp/db>, 0x1000) = 0x7f0000001000",
        "1 mremap(0x7f0000000000, 8192, 12288, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
    ]
    (document,) = held("6.18", *lines)
    assert document["map"]["src"] == "AB"
    known = {"kind": "file", "prot": "r", "file": "db", "touch": False}
    assert document["vmas"] == {"A": known, "B": {**known, "readonly": True, "offset": "1p"}}
    assert document["expect"] == [{"kernel": "==6.18.0", "errno": "EFAULT"}]


def test_a_file_that_is_opened_twice_is_not_one_mapping() -> None:
    at = "0x7f0000000000"
    lines = [
        f"mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</tmp/db>, 0) = {at}",
        "mmap(0x7f0000001000, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, {}</tmp/db>, 0x1000) = 0x7f0000001000",
        f"mremap({at}, 8192, 4096, 0) = {at}",
    ]
    (one,) = imported_lines(lines[0], lines[1].format(3), lines[2])
    (two,) = imported_lines(lines[0], lines[1].format(4), lines[2])
    assert one["map"]["src"] == "AA"
    assert two["map"]["src"] == "AB"
    assert two["vmas"]["B"]["file"] == "db-2"


@pytest.mark.parametrize(("length", "size"), [(4096, "1p"), (16384, "4p"), (8192, None), (1 << 30, "4p")])
def test_a_file_has_the_length_that_ftruncate_gave_it(length: int, size: str | None) -> None:
    """What grows beyond its end is there only if the file is longer."""
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        f"mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3</tmp/db>, 0) = {at}",
        f"ftruncate(3</tmp/db>, {length}) = 0",
        f"mremap({at}, 8192, 16384, MREMAP_MAYMOVE) = {at}",
    )
    assert document["moves"][:-1] == ([{"op": "truncate", "letter": "A", "size": size}] if size else [])
    assert document["expect"] == [{"kernel": "==6.18.0", "verdict": "resized"}]


@pytest.mark.parametrize("seals", ["F_SEAL_SEAL|F_SEAL_FUTURE_WRITE", "0x11", "17 /* F_SEAL_... */"])
def test_seals_of_a_memfd_are_those_that_it_had_when_it_was_mapped(seals: str) -> None:
    at, later = "0x7f0000000000", "0x7f0000100000"
    mmap = "mmap(NULL, 8192, {}, MAP_SHARED, 3</memfd:m>, 0) = {}"
    before, after = held(
        "6.18",
        mmap.format("PROT_READ|PROT_WRITE", at),
        f"fcntl(3</memfd:m>, F_ADD_SEALS, {seals}) = 0",
        "fcntl(4</tmp/x>, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)",
        mmap.format("PROT_READ", later),
        f"mremap({at}, 8192, 4096, 0) = {at}",
        f"mremap({later}, 8192, 4096, 0) = {later}",
    )
    assert before["vmas"]["A"] == {"kind": "memfd", "file": "m"}
    assert after["vmas"]["A"]["seals"] == ["seal", "future-write"]
    assert after["expect"] == [{"kernel": "==6.18.0", "verdict": "resized"}]


def test_a_guard_of_a_parent_that_locked_it() -> None:
    """What the parent locked after it had become a guard, the child has not locked."""
    at = "0x7f0000000000"
    (document,) = held(
        "6.18",
        f"1 {MMAP.format(size=8192, at=at)}",
        f"1 madvise({at}, 8192, 0x66 /* MADV_??? */) = 0",
        f"1 mlock({at}, 8192) = -1 ENOMEM (Cannot allocate memory)",
        "1 clone(child_stack=NULL, flags=SIGCHLD) = 2",
        f"2 mremap({at}, 8192, 4096, 0) = {at}",
    )
    assert document["vmas"]["A"] == {"advice": "guard-install"}
    assert document["expect"] == [{"kernel": "==6.18.0", "verdict": "resized"}]
