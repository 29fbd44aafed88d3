"""Whatever something else has made of a log's lines, the same comes of them."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.convert.strace.parser import WITHOUT_NUMBERS
from tests.strace.reading import collect, documents, read_calls

LOG = (Path(__file__).parent.parent / "data" / "tracers" / "strace.log").read_text().splitlines()
Edit = Callable[[Sequence[str]], list[str]]


def before(prefix: str) -> Edit:
    return lambda lines: [prefix + line for line in lines]


def each(edit: Callable[[str], str]) -> Edit:
    return lambda lines: [edit(line) for line in lines]


def numbered(form: str) -> Edit:
    return lambda lines: [form.format(number) + line for number, line in enumerate(lines, 1)]


def wrapped(width: int, prefix: str) -> Edit:
    def wrap(line: str) -> list[str]:
        return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]

    return lambda lines: [prefix + part for line in lines for part in wrap(line)]


EDITS = {
    "quoted": before("> "),
    "quoted twice": before(">> "),
    "indented": before("\t"),
    "an item of a list": before("- "),
    "syslog": before("Nov 30 12:00:01 host prog[77]: "),
    "syslog, RFC 5424": before("<14>1 2026-11-30T12:00:01Z host app 77 - - "),
    "kubernetes": before("2026-11-30T12:00:01.123456789Z stderr F "),
    "a service of compose": before("web_1  | "),
    "a runner's time": before("2026-11-30T12:00:01.1234567Z "),
    "ts": before("Nov 30 12:00:01 "),
    "a clock": before("12:00:01 "),
    "python's logging": before("2026-11-30 12:00:01,123 INFO:root:"),
    "dmesg": before("[  123.456789] "),
    "cat -n": numbered("{:6}\t"),
    "grep -n": numbered("{}:"),
    "grep of files": numbered("log.txt:{}:"),
    "docker's JSON": each(lambda line: json.dumps({"log": f"{line}\n", "stream": "stderr"})),
    "HTML": each(html.escape),
    "blanks of HTML": each(lambda line: line.replace(" ", "\xa0")),
    "typographic quotes": each(lambda line: re.sub('"([^"]*)"', "\u201c\\1\u201d", line)),
    "a byte order mark": lambda lines: ["\ufeff" + lines[0], *lines[1:]],
    "colours": each(lambda line: f"\x1b[32m{line}\x1b[0m"),
    "wrapped": wrapped(72, ""),
    "wrapped and quoted": wrapped(60, "> > "),
}


def drawn(lines: Sequence[str]) -> list[dict[str, Any]]:
    collection = collect(lines)
    assert collection.reading.ledger.unread == []
    return [
        {key: value for key, value in document.items() if key != "about"}
        for document in documents(collection, "log", "log").values()
    ]


@pytest.fixture(scope="module")
def plain() -> list[dict[str, Any]]:
    return drawn(LOG)


@pytest.mark.parametrize("times", ["", "10:11:12.123456 "])
@pytest.mark.parametrize("name", EDITS)
def test_whatever_stands_before_a_line(name: str, times: str, plain: list[dict[str, Any]]) -> None:
    """Beside the tracer's own prefixes, the number of a process and a time."""
    lines = [re.sub(r"^(\d+) +", rf"\g<0>{times}", line) for line in LOG]
    assert drawn(EDITS[name](lines)) == plain


def test_the_summary_behind_a_log_is_of_no_concern() -> None:
    lines = [*LOG, "% time     seconds  usecs/call     calls    errors syscall", "-" * 30]
    lines += [
        " 87.31    0.000289         144         2           wait4",
        "100.00    0.000331           2       136 total",
    ]
    assert drawn(lines) == drawn(LOG)


def test_lines_without_the_numbers_that_tell_threads_apart_are_told() -> None:
    collection = collect([re.sub(r"^\d+ +", "", line) for line in LOG])
    assert WITHOUT_NUMBERS in collection.reading.ledger.notes
    assert WITHOUT_NUMBERS not in collect(LOG).reading.ledger.notes


def test_a_number_alone_is_that_of_the_next_line() -> None:
    (first, second) = read_calls(["7", "munmap(0x1000, 4096) = 0", "munmap(0x1000, 4096) = 0"])
    assert (first.pid, second.pid) == (7, 0)


def test_prose_is_no_call() -> None:
    collection = collect(["we call mremap(2) here, and free(it) = nothing"])
    assert collection.reading.ledger.not_read == 1


@pytest.mark.parametrize(
    "line",
    [
        "{} munmap(0x1000, 4096) = 0",
        "[pid {}] munmap(0x1000, 4096) = 0",
        "munmap(0x1000, 4096) = {}",
        "munmap(0x1000, 4096) = -{}",
        "munmap(0x1000, {}) = 0",
        "syscall_{}(0x1000, 4096) = 0",
        '{{"log": {}}}',
        "{}",
    ],
)
def test_numbers_without_end_are_no_numbers(line: str) -> None:
    """Python itself reads no number of more than 4300 digits."""
    collection = collect([line.format("9" * 5000)])
    assert collection.reading.ledger.lines == 1
