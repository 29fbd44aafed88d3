"""What a log looks like of which nothing is read."""

from __future__ import annotations

import pytest

from mremapcheck.convert.strace.logs import looks_like


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("PERFILE2\ufffd\ufffd", "perf's own data"),
        ("\x1f\ufffd\x08\x00", "compressed"),
        ("\ufffd7zXZ\x00", "compressed"),
        ("(00.012345) pie: 123: Remap 0x7f0->0x7f2 len 0x2000", "CRIU"),
        ("mremap-123 [001] .... 12.34: sys_mremap(addr: 1)", "ftrace"),
        ("prog  123 [000] 1.2: syscalls:sys_enter_mremap: addr: 0x7f", "perf script"),
        ("type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=25", "auditd"),
        ("7f0000000000-7f0000001000 rw-p 00000000 00:00 0", "/proc/PID/maps"),
        ("==123== Memcheck, a memory error detector", "valgrind"),
        ("12 mremap(274922143744,8192,8192,3,274922217472,0) = 274922217472", "qemu-user's -strace"),
        ("I1130 1 strace.go:567] [ 1: 1] bash X mremap(0x7f, 0x1000) = 5 (1us)", "gVisor's"),
        ("\ufffd\ufffd1\x002\x00 \x00m\x00", "UTF-16"),
        ('{"log": "1 brk(NULL) = 0x1000"}', "JSON"),
        ("{\ufffd", ""),
        ("ab\x00", "data"),
        ("% time     seconds  usecs/call     calls    errors syscall", "summary"),
        ("nothing that anybody knows", ""),
    ],
)
def test_formats_are_told_apart(line: str, word: str) -> None:
    assert word in looks_like(["", line])
    assert bool(word) == bool(looks_like([line]))
