"""``via:COMMAND`` wherever a reference may stand, and what becomes of commands that fail."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.cli.completion import references
from mremapcheck.report.schema import json_schema
from tests.cli.conftest import EXPECTED, PLAIN, Program

Write = Callable[..., Path]
PYTHON = f"via:{shlex.quote(sys.executable)}"
#: The same through a shell that passes no arguments on.
ONE_WAY = f"via:{shlex.join(['sh', '-c', sys.executable])}"


@pytest.mark.parametrize("reference", [PYTHON, ONE_WAY])
def test_run(program: Program, write: Write, reference: str) -> None:
    answer = program("run", "--kernel", reference, write(EXPECTED, PLAIN), "--format", "json")
    Draft202012Validator(json_schema("run")).validate(answer.json)
    assert answer.code == 0
    kernel = answer.json["kernel"]
    assert (kernel["reference"], kernel["executor"], kernel["release"]) == (reference, "via", os.uname().release)
    assert answer.json["summary"] == {"pass": 1, "fail": 0, "unchecked": 1, "skip": 0, "error": 0}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["compare", "--kernel", "live", PYTHON], 0),
        (["compare", "--kernel", PYTHON, ONE_WAY], 0),
        (["matrix", "--kernel", PYTHON, "--kernel", ONE_WAY], 0),
        (["since", "--on", PYTHON], 0),
        (["expect", "--check", "--kernel", PYTHON], 0),
        (["run", "--kernel", PYTHON, "--jobs", "2", "--record", "kept.json"], 0),
        (["run", "--kernel", PYTHON, "--bisect"], 0),
    ],
)
def test_wherever_a_kernel_is_asked(
    program: Program,
    write: Write,
    words: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = write(EXPECTED)
    monkeypatch.chdir(tmp_path)
    answer = program(*words, folder)
    assert answer.code == code, answer.out + answer.err


def test_what_was_recorded_answers_again(program: Program, write: Write, tmp_path: Path) -> None:
    folder, kept = write(EXPECTED) / "0.yaml", tmp_path / "kept.json"
    assert program("run", "--kernel", PYTHON, "--record", kept, folder).code == 0
    assert program("compare", "--kernel", f"recorded:{kept}", "live", folder).code == 0


def test_questions_without_a_file(program: Program) -> None:
    drawn = ["try", "src=A", "dst=.", "mremap(src, 1p, 1p, MAYMOVE|FIXED, dst)"]
    answer = program(*drawn, "--kernel", "6.12", PYTHON)
    assert answer.code == 0 and "moved" in answer.out
    answer = program("identify", PYTHON, "dontunmap")
    assert answer.code == 0 and "has" in answer.out


@pytest.mark.alone
def test_random_scenarios(program: Program) -> None:
    answer = program("fuzz", "--kernel", "live", "--against", PYTHON, "--count", "40", "--seed", "3")
    assert answer.code == 0, answer.out + answer.err


@pytest.mark.parametrize(
    ("reference", "code", "bisect"),
    [
        ("via:no-such-command", 2, 129),
        ("via:", 2, 129),
        ("via:true", 4, 125),
        ("via:cat", 4, 125),
        ("via:sh -c 'echo no route to host >&2; exit 255'", 4, 125),
    ],
)
def test_exit_codes_of_what_cannot_be_asked(
    program: Program, write: Write, reference: str, code: int, bisect: int
) -> None:
    folder = write(EXPECTED)
    answer = program("run", "--kernel", reference, folder, "--format", "json")
    assert answer.code == code
    Draft202012Validator(json_schema("run")).validate(answer.json)
    assert answer.json["problems"][0]["message"] and "Traceback" not in answer.err
    assert program("run", "--kernel", reference, folder, "--bisect").code == bisect
    assert program("compare", "--kernel", "6.17", reference, folder).code == code


def test_the_form_is_offered() -> None:
    assert references("vi") == ["via:"]
