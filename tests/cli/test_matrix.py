from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.cli.command import spread_row
from mremapcheck.report.schema import json_schema
from tests.cli.conftest import BAD, EXPECTED, GAP, SEALED, WRONG, Program

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("documents", "code"), [([GAP, EXPECTED], 0), ([GAP, WRONG], 1), ([SEALED], 4), ([SEALED, GAP], 0), ([BAD], 2)]
)
def test_exit_codes(program: Program, write: Write, documents: list[str], code: int) -> None:
    assert program("matrix", "--kernel", "6.1", "--kernel", "6.6", write(*documents)).code == code


def test_by_default_every_release_of_the_model(program: Program, write: Write) -> None:
    answer = program("matrix", write(GAP), "--format", "json")
    Draft202012Validator(json_schema("matrix")).validate(answer.json)
    names = [kernel["reference"] for kernel in answer.json["kernels"]]
    assert {"5.10", "6.16", "6.17-rc1", "6.17", "7.3"} <= set(names)
    (result,) = answer.json["results"]
    starts = [names[era["first"]] for era in result["eras"]]
    assert "6.17-rc1" in starts and [era["label"] for era in result["eras"]][-2:] == ["EFAULT refused", "moved"]


def test_neighbours_are_folded(program: Program, write: Write) -> None:
    answer = program("matrix", "--kernel", "6.12", "6.16", "6.17", "6.18", write(GAP))
    assert "gap  EFAULT refused <=6.16; moved >=6.17\n" in answer.out


def test_what_is_not_as_expected_is_named_with_its_kernels(program: Program, write: Write) -> None:
    answer = program("matrix", "--kernel", "6.12", "6.16", "6.17", write(WRONG))
    assert (
        "fail       wrong  moved all\n                  ! moves[0].errno: expected EPERM, seen none  (6.12 .. 6.17)\n"
        in answer.out
    )


@pytest.mark.parametrize("look", ["table", "ktap", "junit", "markdown"])
def test_other_formats(program: Program, write: Write, look: str) -> None:
    answer = program("matrix", "--kernel", "6.16", "6.17", write(GAP), "--format", look)
    assert answer.code == 0 and "gap" in answer.out and "6.16" in answer.out


def test_references_after_one_option() -> None:
    assert spread_row(["--kernel", "6.16", "6.17+x", "live", "s.yaml"]) == [
        *("--kernel", "6.16", "--kernel", "6.17+x", "--kernel", "live", "s.yaml")
    ]
    assert spread_row(["s.yaml", "--kernel=v6.16", "vm:6.17", "-v"]) == [
        "s.yaml",
        "--kernel",
        "v6.16",
        "--kernel",
        "vm:6.17",
        "-v",
    ]
    assert spread_row(["--kernel", "via:ssh a python3", "via:ssh b\npython3", "s.yaml"]) == [
        *("--kernel", "via:ssh a python3", "--kernel", "via:ssh b\npython3", "s.yaml"),
    ]
    assert spread_row(["--only", "6.16", "6.17"]) == ["--only", "6.16", "6.17"]
