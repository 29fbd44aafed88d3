"""Lines of strace, as calls."""

from __future__ import annotations

import pytest

from mremapcheck.convert.trace.strace import descriptor_path, flag_names, number, read_calls, split_arguments

PLAIN = "mremap(0x7f0000000000, 8192, 16384, MREMAP_MAYMOVE) = 0x7f0000010000"


@pytest.mark.parametrize(
    ("prefix", "pid"),
    [
        ("", 0),
        ("4711 ", 4711),
        ("[pid  4711] ", 4711),
        ("4711  13:52:09.313626 ", 4711),
        ("[pid 4711] 13:52:09 ", 4711),
        ("1700000000.123456 ", 0),
        ("     0.000123 ", 0),
        ("4711      0.000123 ", 4711),
    ],
)
@pytest.mark.parametrize("suffix", ["", " <0.000051>"])
def test_prefixes_and_times_do_not_hide_a_call(prefix: str, pid: int, suffix: str) -> None:
    (call,) = read_calls([f"{prefix}{PLAIN}{suffix}\n"])
    assert (call.pid, call.name, call.result, call.errno) == (pid, "mremap", 0x7F0000010000, None)
    assert call.arguments == ("0x7f0000000000", "8192", "16384", "MREMAP_MAYMOVE")


def test_a_failed_call_has_its_errno() -> None:
    (call,) = read_calls(["mremap(0x123000, 4096, 4096, 0) = -1 EFAULT (Bad address)"])
    assert (call.result, call.errno) == (-1, "EFAULT")


def test_a_call_that_never_returned_has_no_result() -> None:
    (call,) = read_calls(["exit_group(0)                           = ?"])
    assert (call.result, call.errno) == (None, None)


def test_halves_of_threads_that_cut_into_each_other_are_joined() -> None:
    calls = list(
        read_calls(
            [
                "1 mremap(0x1000, 8192 <unfinished ...>",
                "2 mremap(0x5000, 4096 <unfinished ...>",
                "1 <... mremap resumed>, 16384, MREMAP_MAYMOVE) = 0x9000",
                "2 <... mremap resumed>, 4096, 0) = 0x5000",
            ]
        )
    )
    assert [call.begun for call in calls] == [True, True, False, False]
    assert calls[2].arguments == ("0x1000", "8192", "16384", "MREMAP_MAYMOVE")
    assert calls[3].arguments == ("0x5000", "4096", "4096", "0")
    assert [call.pid for call in calls] == [1, 2, 1, 2]


def test_the_message_of_an_attached_child_is_no_argument() -> None:
    calls = list(
        read_calls(
            [
                "clone(child_stack=NULL, flags=SIGCHLDstrace: Process 7 attached",
                " <unfinished ...>",
                "[pid     5] <... clone resumed>, child_tidptr=0x1) = 7",
            ]
        )
    )
    assert calls[0].arguments == ("child_stack=NULL", "flags=SIGCHLD")
    assert calls[0].begun


@pytest.mark.parametrize(
    "line",
    ["", "+++ exited with 0 +++", "--- SIGCHLD {si_signo=SIGCHLD} ---", "strace: Process 7 attached", "no call at all"],
)
def test_what_is_no_call_is_passed_over(line: str) -> None:
    assert list(read_calls([line])) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("NULL, 4096", ("NULL", "4096")),
        ('3</tmp/a,b (c)>, "x, \\"y)", 5', ("3</tmp/a,b (c)>", '"x, \\"y)"', "5")),
        ("4, {range={start=0x1, len=2}, mode=M}", ("4", "{range={start=0x1, len=2}, mode=M}")),
        ("MAP_HUGETLB|21<<MAP_HUGE_SHIFT, 3", ("MAP_HUGETLB|21<<MAP_HUGE_SHIFT", "3")),
        ("5<TCP:[10.0.0.1:5->10.0.0.2:6]>, 1", ("5<TCP:[10.0.0.1:5->10.0.0.2:6]>", "1")),
        ("", ()),
    ],
)
def test_arguments_are_split_at_their_own_commas(text: str, parts: tuple[str, ...]) -> None:
    assert split_arguments(text) == parts


@pytest.mark.parametrize(
    ("text", "value"), [("NULL", 0), ("0x10", 16), ("12", 12), ("6*4096", 24576), ("017", 15), ("8 /* ??? */", 8)]
)
def test_numbers(text: str, value: int) -> None:
    assert number(text) == value


def test_flags_and_descriptors() -> None:
    assert flag_names("PROT_READ|PROT_WRITE") == {"PROT_READ", "PROT_WRITE"}
    assert flag_names("0") == frozenset()
    assert descriptor_path("3</memfd:x>(deleted)") == (3, "/memfd:x")
    assert descriptor_path("-1") == (-1, None)
    with pytest.raises(ValueError):
        descriptor_path("AT_FDCWD")
