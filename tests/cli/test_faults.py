from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.report.schema import json_schema
from tests.cli.conftest import Program

Write = Callable[..., Path]
#: The module, not the function in it.
command = import_module("mremapcheck.cli.faults")

SEVERAL = """
name: several
summary: Two mappings move onto mapped pages
map:
  src: "A.B"
  dst: "XXX"
moves:
  - {old_address: src, old_size: 3p, new_address: dst, flags: MAYMOVE|FIXED}
"""
LISTED = (
    SEVERAL.replace("several", "listed")
    + """
expect:
  - kernel: "<6.17-rc1"
    errno: EFAULT
    faults:
      - {errno: ENOMEM, verdict: refused, src: "A.B", dst: "XXX"}
"""
)
NOT_LISTED = LISTED.replace("verdict: refused", "verdict: damaged")


def test_a_model_lists_what_it_allows(program: Program, write: Write) -> None:
    answer = program("faults", write(SEVERAL), "--kernel", "6.17", "--format", "json")
    assert answer.code == 0
    Draft202012Validator(json_schema("faults")).validate(answer.json)
    (result,) = answer.json["results"]
    (move,) = result["moves"]
    assert (move["source_lost"], move["destination_lost"], move["half_moved"]) == (False, True, True)
    told = [
        (each["errno"], each["verdict"], each["regions"]["src"], each["regions"]["dst"]) for each in move["outcomes"]
    ]
    assert told == [
        (None, "moved", "...", "AXB"),
        (None, "moved", "_..", "AXB"),
        (None, "moved", ".._", "AXB"),
        ("ENOMEM", "refused", "A.B", "XXX"),
        ("ENOMEM", "damaged", "A.B", ".XX"),
        ("ENOMEM", "partial", "..B", "AXX"),
        ("ENOMEM", "partial", "..B", "AX."),
    ]
    damaged = move["outcomes"][4]
    assert {(step["step"], step["within"]) for step in damaged["ran_out"]} == {
        ("merge_copy", "copy_vma"),
        ("move_pages", "move_vma"),
    }


def test_the_last_line_says_what_users_ask(program: Program, write: Write) -> None:
    answer = program("faults", write(SEVERAL), "--kernel", "6.17")
    assert answer.out.splitlines()[-1] == (
        "data can be lost: no; the destination can be lost: yes; it can be half moved: yes"
    )


def test_two_kernels_are_laid_side_by_side(program: Program, write: Write) -> None:
    answer = program("faults", write(SEVERAL), "--kernel", "6.16", "6.17", "--format", "json")
    assert answer.code == 0
    Draft202012Validator(json_schema("faults")).validate(answer.json)
    (result,) = answer.json["results"]
    assert {each["verdict"] for each in result["gained"]} == {"moved", "damaged", "partial"}
    assert [(each["errno"], each["verdict"]) for each in result["lost"]] == [("EFAULT", "damaged")]
    told = program("faults", write(SEVERAL), "--kernel", "6.16", "6.17").out
    assert "on 6.16 only; while there is memory" in told
    assert "possible on 6.17 and not on 6.16: c, d, e, f, g, h; on 6.16 and not on 6.17: a " in " ".join(told.split())
    rows = [line.split()[:3] for line in told.splitlines() if re.match(r" +[a-z]\. ", line)]
    assert [row[0] for row in rows] == ["a.", "b.", "c.", "d.", "e.", "b.", "f.", "g.", "h."]
    assert [row for row in rows if row[0] == "b."] == [["b.", "ENOMEM", "refused"]] * 2  # what both can come to
    assert told.splitlines()[-1] == (
        "data can be lost: no; the destination can be lost: yes; it can be half moved: no on 6.16, yes on 6.17"
    )


def test_what_is_seen_must_be_allowed(program: Program, write: Write) -> None:
    same = program("faults", write(SEVERAL), "--kernel", "6.17", "--against", "6.17")
    assert same.code == 0 and "shows all that is allowed, and nothing else" in same.out
    wrong = program("faults", write(SEVERAL), "--kernel", "6.16", "--against", "6.17", "--format", "json")
    assert wrong.code == 1
    Draft202012Validator(json_schema("faults")).validate(wrong.json)
    (result,) = wrong.json["results"]
    assert result["status"] == "fail" and len(result["not_allowed"]) == 6 and len(result["never_seen"]) == 1
    assert "! not allowed by 6.16" in program("faults", write(SEVERAL), "--kernel", "6.16", "--against", "6.17").out


@pytest.mark.parametrize(("document", "code", "status"), [(LISTED, 0, "pass"), (NOT_LISTED, 1, "fail")])
def test_what_scenarios_list(program: Program, write: Write, document: str, code: int, status: str) -> None:
    answer = program("faults", write(document), "--kernel", "6.16", "--format", "json")
    assert (answer.code, answer.json["results"][0]["status"]) == (code, status)
    assert program("run", write(document), "--kernel", "6.16").code == 0  # there is memory


def test_what_is_listed_and_not_possible_is_told(program: Program, write: Write) -> None:
    told = " ".join(program("faults", write(NOT_LISTED), "--kernel", "6.16").out.split())
    assert "not among the `faults` of line" in told and "nothing comes to that" in told


def test_every_move_is_swept(program: Program, write: Write) -> None:
    twice = SEVERAL + "  - {old_address: dst, old_size: 1p, new_size: 1p, new_address: src, flags: MAYMOVE|FIXED}\n"
    (result,) = program("faults", write(twice), "--kernel", "6.17", "--format", "json").json["results"]
    first, second = result["moves"]
    assert (first["move"], second["move"]) == (0, 1)
    assert [each["regions"]["src"] for each in second["outcomes"] if each["verdict"] == "refused"] == ["..."]


def test_a_kernel_without_fault_injection_is_a_skip(program: Program, write: Write) -> None:
    if Path("/proc/thread-self/fail-nth").exists():
        pytest.skip("this kernel has fault injection")
    answer = program("faults", write(SEVERAL), "--kernel", "live")
    assert answer.code == 4
    assert "CONFIG_FAULT_INJECTION" in answer.out and "CONFIG_FAIL_PAGE_ALLOC" in answer.out


@pytest.mark.parametrize("asked", [("--kernel", "7.3", "--against", "live"), ("--kernel", "live", "7.3")])
def test_of_a_kernel_that_was_not_swept_nothing_is_said(program: Program, write: Write, asked: tuple[str, ...]) -> None:
    if Path("/proc/thread-self/fail-nth").exists():
        pytest.skip("this kernel has fault injection")
    answer = program("faults", write(SEVERAL), *asked)
    assert answer.code == 4
    assert "  live: skip: this kernel has no fault injection" in answer.out and "ENOMEM partial" in answer.out
    assert not any(words in answer.out for words in ("can be lost", "shows all", "does the same", "not on"))


@pytest.mark.alone
def test_the_same_sweep_gives_the_same_report(program: Program, write: Write) -> None:
    asked = ("faults", write(SEVERAL, LISTED), "--kernel", "6.16", "6.17", "--format", "json")
    once = program(*asked).out
    assert program(*asked).out == once
    assert program(*asked, "--jobs", "2").out == once


@pytest.mark.parametrize("look", ["table", "json"])
def test_an_interrupt_leaves_what_there_is(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    swept = command.sweeps

    def interrupted(*asked: Any) -> Iterator[Any]:
        yield next(swept(*asked))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "sweeps", interrupted)
    answer = program("faults", write(SEVERAL, LISTED), "--kernel", "6.17", "--format", look)
    assert answer.code == 130
    if look == "json":
        Draft202012Validator(json_schema("faults")).validate(answer.json)
        assert (len(answer.json["results"]), answer.json["trouble"]) == (1, "interrupted")
    else:
        assert "1 scenario: 1 unchecked\n" in answer.out and answer.out.endswith("\nended early: interrupted\n")


def test_three_kernels_are_too_many(program: Program, write: Write) -> None:
    assert program("faults", write(SEVERAL), "--kernel", "6.16", "6.17", "6.18").code == 2


def test_an_entry_of_faults_alone_expects_nothing_of_a_run(program: Program, write: Write) -> None:
    alone = LISTED.replace("    errno: EFAULT\n", "")
    assert program("run", write(alone), "--kernel", "6.16", "--format", "json").json["summary"]["unchecked"] == 1
    assert program("faults", write(alone), "--kernel", "6.16").code == 0


def test_expect_does_not_lose_them(program: Program, write: Write) -> None:
    (path,) = write(LISTED.replace("EFAULT", "EINVAL")).iterdir()
    answer = program("expect", path)
    assert answer.code == 2 and "`faults`" in answer.err and "ENOMEM" in path.read_text()


def test_random_scenarios_are_swept(program: Program) -> None:
    same = program("fuzz", "--faults", "--kernel", "7.3", "--against", "7.3", "--count", "20", "--jobs", "1")
    assert same.code == 0 and "0 different" in same.out
    asked = ("fuzz", "--faults", "--kernel", "6.16", "--against", "6.17", "--count", "60", "--format", "json")
    answer = program(*asked, "--jobs", "1")
    assert answer.code == 1
    Draft202012Validator(json_schema("fuzz")).validate(answer.json)
    groups = answer.json["groups"]
    assert all(group["cause"] for group in groups), "what happens while there is memory has a cause"
    assert any("multi-vma-move" in group["cause"] for group in groups)


def test_a_campaign_of_sweeps_is_no_other_one(program: Program, tmp_path: Path) -> None:
    folder = str(tmp_path / "campaign")
    asked = ("fuzz", "--kernel", "7.3", "--against", "7.3", "--count", "4", "--jobs", "1", "--out", folder)
    assert program(*asked, "--faults").code == 0
    assert program(*asked, "--faults", "--resume").code == 0
    assert program(*asked, "--resume").code == 2
