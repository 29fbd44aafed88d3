"""Lines of strace, as calls."""

from __future__ import annotations

import pytest

from mremapcheck.convert.strace.call import Ledger
from mremapcheck.convert.strace.constants import MAP, PROT
from mremapcheck.convert.strace.text import descriptor_path, flags, number, split_arguments
from tests.strace.reading import read_calls

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


def test_a_call_that_never_returned_is_told() -> None:
    ledger = Ledger()
    assert list(read_calls(["exit_group(0) = ?", "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = ?"], ledger)) == []
    assert (ledger.used, ledger.unconcerned) == (0, 1)
    assert ledger.unread == [("", 2, "this mremap never returned")]


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
    ["", "--- SIGCHLD {si_signo=SIGCHLD} ---", "strace: Process 7 attached", "no call at all"],
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


@pytest.mark.parametrize(
    "text", ["MAP_PRIVATE|MAP_ANONYMOUS", "0x22", "0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */", "34", "PRIVATE|ANONYMOUS"]
)
def test_flags_are_the_same_in_every_form(text: str) -> None:
    assert flags(text, MAP) == {"MAP_PRIVATE", "MAP_ANONYMOUS"}


@pytest.mark.parametrize("text", ["0x10,5", "what", "-", "0x", "*"])
def test_what_is_no_number_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no number$"):
        number(text)


def test_flags_and_descriptors() -> None:
    assert flags("0", PROT) == {"PROT_NONE"}
    assert flags("0x13", PROT) == {"PROT_READ", "PROT_WRITE", "0x10"}
    with pytest.raises(ValueError):
        flags("what", MAP)
    assert descriptor_path("3</dev/zero<char 1:5>>") == (3, "/dev/zero")
    assert descriptor_path("0xffffffff") == (-1, None)
    assert descriptor_path("3</memfd:x>(deleted)") == (3, "/memfd:x")
    assert descriptor_path("-1") == (-1, None)
    with pytest.raises(ValueError):
        descriptor_path("AT_FDCWD")


BASE = [
    "11 mmap(NULL, 12288, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f11c0000000",
    "11 mremap(0x7f11c0000000, 12288, 12288, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f1200000000) = 0x7f1200000000",
    "11 mremap(0x10000, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)",
]


@pytest.mark.parametrize(
    "prefix",
    [
        "> ",
        "> > ",
        "Nov 30 09:26:01 host strace[77]: ",
        "2026-11-30T09:26:01.123456+00:00 host prog[12]: ",
        "web_1  | ",
        "11<some prog> ",
        "[pid 11<x>] ",
        "11 09:12:33 (+     0.000123) [  25] [00007f3ed485ea00] ",
        "11 [????????????????] ",
        "2026-11-30T09:26:01.123456789Z stderr F ",
        "\x1b[1;32m",
    ],
)
def test_what_others_put_before_a_line(prefix: str) -> None:
    lines = [prefix + (line if prefix.rstrip()[-1] in ">:|Fm" and "<" not in prefix else line[3:]) for line in BASE]
    ledger = Ledger()
    found = list(read_calls(lines, ledger))
    assert [call[:5] for call in found] == [call[:5] for call in read_calls(BASE)]
    assert (ledger.used, ledger.unread) == (3, [])


def test_wrapped_lines_are_joined() -> None:
    import textwrap

    wrapped = [part for line in BASE for part in textwrap.wrap(line, 40, break_long_words=False)]
    ledger = Ledger()
    assert [call[1:6] for call in read_calls(wrapped, ledger)] == [call[1:6] for call in read_calls(BASE)]
    assert (ledger.lines, ledger.unread) == (len(wrapped), [])


def test_perf_trace_and_ltrace() -> None:
    perf = [
        "     0.000 ( 0.012 ms): k/0:1/11 mmap(len: 12288, prot: 3, flags: PRIVATE|ANONYMOUS) = 0x7f11c0000000",
        "     0.030 (         ): prog/11 mremap(addr: 0x7f11c0000000, old_len: 12288, new_len: 12288, "
        "flags: MAYMOVE|FIXED, new_addr: 0x7f1200000000) ...",
        "         ? ( 0.100 ms): prog/11  ... [continued]: mremap()) = 0x7f1200000000",
        "     0.050 ( 0.002 ms): prog/11 mremap(addr: 0x10000, old_len: 4096, new_len: 8192, flags: 1) = -1 EFAULT",
    ]
    ltrace = [
        "[pid 11] SYS_mmap(0, 12288, 3, 34)  = 0x7f11c0000000",
        "[pid 11] mremap@SYS(0x7f11c0000000, 0x3000, 0x3000, 3, 0x7f1200000000) = 0x7f1200000000",
        "[pid 11] SYS_mremap(0x10000, 4096, 8192, 1) = -14",
    ]
    wanted = [(call.pid, call.name, call.result, call.errno) for call in read_calls(BASE)]
    for log in (perf, ltrace):
        ledger = Ledger()
        found = [call for call in read_calls(log, ledger) if not call.begun]
        assert [(call.pid, call.name, call.result, call.errno) for call in found] == wanted
        assert not ledger.unread


def test_a_call_that_strace_has_no_name_for() -> None:
    (call,) = read_calls(["syscall_0x1ce(0x7f0000000000, 0x1000, 0, 0, 0x1000, 0) = 0"])
    assert call.name == "mseal"


def test_every_line_is_accounted_for() -> None:
    ledger = Ledger()
    lines = [
        '1 read(3, "mmap(x) = 5", 9) = 9',
        "1 munmap(0x1000, 4096) = 0",
        "some text",
        "1 <... mremap resumed>, 0) = 0x1000",
        " > /usr/lib/libc.so.6(mremap+0x30) [0x109a00]",
        "1 mmap(NULL, 4096, PROT_READ <unfinished ...>",
        "2 mremap(0x1000, 4096,",
    ]
    assert [call.name for call in read_calls(lines, ledger) if not call.begun] == ["munmap"]
    assert (ledger.lines, ledger.used, ledger.unconcerned) == (7, 1, 2)
    assert sorted(unread.line for unread in ledger.unread) == [3, 4, 6, 7]
    assert all(unread.why for unread in ledger.unread)


@pytest.mark.parametrize("filler", [" ", ")", ") = ", "1.1 ", "/*", "((", "<", "> ", "mmap(", "[1] "])
def test_a_hostile_line_takes_no_time_to_speak_of(filler: str) -> None:
    """Regular expressions go back over what they have read: over none of these for long."""
    ledger = Ledger()
    longest = 1 << 15
    text = (filler * longest)[: longest - 10]
    lines = ["1 mmap(" + text, "1 " + text, text + "<unfinished ..>", "1.1 1.1 " + text, "1 mmap(" + text + text]
    assert [call.name for call in read_calls(lines, ledger) if call.name not in ("exit", "32-bit")] == []
    assert ledger.lines == len(lines)
