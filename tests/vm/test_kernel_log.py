from __future__ import annotations

import os
from pathlib import Path

import pytest

from mremapcheck.executors.vm.kernel_log import KernelLog, complaint, is_oops

WARN = [
    "------------[ cut here ]------------",
    "WARNING: CPU: 0 PID: 7 at mm/mremap.c:512 move_vma+0x1/0x2",
    "Call Trace:",
]


def test_a_warning_is_kept_from_where_it_begins() -> None:
    assert complaint(["random: crng init done", *WARN]) == WARN
    assert not is_oops(WARN)


def test_what_is_no_complaint_is_dropped() -> None:
    assert complaint(["mremapcheck: mounted", "random: crng init done"]) == []


@pytest.mark.parametrize(
    "line",
    [
        "BUG: unable to handle page fault for address: ffff",
        "Oops: Oops: 0000 [#1] SMP",
        "kernel BUG at mm/vma.c:1!",
        "general protection fault, probably for non-canonical address",
    ],
)
def test_an_oops_is_more_than_a_complaint(line: str) -> None:
    assert complaint([line]) == [line]
    assert is_oops([line])


def test_a_sanitizers_report_is_a_complaint() -> None:
    report = ["BUG: KASAN: slab-use-after-free in vma_merge+0x1/0x2"]
    assert complaint(report) == report
    assert not is_oops(report)


def test_records_are_read_without_their_headers(tmp_path: Path) -> None:
    path = tmp_path / "kmsg"
    os.mkfifo(path)
    keep = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    log = KernelLog.__new__(KernelLog)
    log._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert log.read() == []
    os.write(keep, b"4,900,5141900,-;WARNING: CPU: 0 PID: 7 at mm/mremap.c:512\n SUBSYSTEM=acpi\n")
    assert log.read() == ["WARNING: CPU: 0 PID: 7 at mm/mremap.c:512"]
    os.close(keep)


def test_a_kernel_without_a_log_complains_of_nothing(tmp_path: Path) -> None:
    assert KernelLog(str(tmp_path / "missing")).read() == []
