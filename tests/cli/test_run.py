from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.report.schema import json_schema
from tests.cli.conftest import BAD, BROKEN, EXPECTED, GAP, PLAIN, SEALED, WRONG, Program

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("documents", "kernel", "code", "bisect"),
    [
        ([EXPECTED], "6.17", 0, 0),
        ([GAP], "6.16", 0, 0),
        ([PLAIN], "6.17", 0, 125),  # nothing is expected: that tells nothing
        ([EXPECTED, PLAIN], "6.17", 0, 125),
        ([WRONG], "6.17", 1, 1),
        ([WRONG, SEALED], "6.6", 1, 1),
        ([SEALED], "6.6", 4, 125),  # no mseal before 6.10
        ([EXPECTED, SEALED], "6.6", 0, 125),
        ([BROKEN], "6.17", 1, 125),
        ([EXPECTED, BROKEN], "6.17", 1, 125),
        ([BAD], "6.17", 2, 129),
        ([EXPECTED, BAD], "6.17", 2, 129),
        ([EXPECTED], "6", 2, 129),
        ([EXPECTED], "nowhere:6.17", 2, 129),
        ([EXPECTED], "recorded:missing.json", 2, 129),
    ],
)
def test_exit_codes(program: Program, write: Write, documents: list[str], kernel: str, code: int, bisect: int) -> None:
    folder = write(*documents)
    assert program("run", "--kernel", kernel, folder).code == code
    assert program("run", "--kernel", kernel, folder, "--bisect").code == bisect


@pytest.mark.parametrize(
    "args",
    [["--nonsense"], ["--jobs", "0"], ["--jobs", "x"], ["--format", "xml"], ["--timeout", "0"], ["--expect-as", "x"]],
)
def test_usage_errors(program: Program, write: Write, args: list[str]) -> None:
    folder = write(EXPECTED)
    answer = program("run", "--kernel", "6.17", folder, *args)
    assert answer.code == 2 and answer.err and not answer.out and "Traceback" not in answer.err
    assert program("run", "--kernel", "6.17", folder, *args, "--bisect").code == 129


def test_nothing_selected(program: Program, write: Write, tmp_path: Path) -> None:
    answer = program("run", "--kernel", "6.17", write(EXPECTED), "--only", "expect")
    assert answer.code == 4 and "did you mean expected?" in answer.err
    assert program("run", "--kernel", "6.17", tmp_path, "--only", "x", "--bisect").code == 129
    (tmp_path / "empty").mkdir()
    assert program("run", "--kernel", "6.17", tmp_path / "empty").code == 4


@pytest.mark.parametrize("command", ["run", "compare", "matrix", "faults", "since"])
def test_reports_with_results_tell_problems_themselves(program: Program, write: Write, command: str) -> None:
    kernels = ["--kernel", "6.12", "6.17"][: {"compare": 3, "since": 0}.get(command, 2)]
    answer = program(command, *kernels, write(BAD), "--format", "json")
    Draft202012Validator(json_schema(command)).validate(answer.json)
    assert answer.code == 2 and answer.json["schema"] == f"mremapcheck.{command}/1"
    assert answer.json["results"] == [] and answer.json["problems"]


def test_problems_are_told_with_their_place_and_all_at_once(program: Program, write: Write) -> None:
    answer = program("run", "--kernel", "6.17", write(BAD, BAD.replace("bad", "worse")), "--format", "json")
    assert answer.code == 2 and "0.yaml:5:" in answer.err and "1.yaml:5:" in answer.err
    Draft202012Validator(json_schema("run")).validate(answer.json)
    assert [Path(problem["path"]).name for problem in answer.json["problems"]] == ["0.yaml", "1.yaml"]


@pytest.mark.parametrize(
    "args", [["--kernel", "6"], ["--nonsense"], ["--only", "nothing"], ["--kernel", "recorded:no"]]
)
def test_every_error_is_json_too(program: Program, write: Write, args: list[str]) -> None:
    answer = program("run", write(EXPECTED), "--format=json", *args)
    Draft202012Validator(json_schema("run")).validate(answer.json)
    assert answer.json["problems"][0]["message"] and answer.err


def test_json(program: Program, write: Write) -> None:
    folder = write(GAP, WRONG, SEALED, BROKEN)
    answer = program("run", "--kernel", "6.6", folder, "--format", "json")
    Draft202012Validator(json_schema("run")).validate(answer.json)
    assert answer.json["kernel"]["reference"] == "6.6"
    assert answer.json["summary"] == {"pass": 1, "fail": 1, "unchecked": 0, "skip": 1, "error": 1}
    assert answer.json["results"][0]["outcome"]["moves"] == [{"errno": "EFAULT", "result": None, "verdict": "refused"}]
    assert not answer.err


@pytest.mark.parametrize("look", ["table", "ktap", "junit", "markdown"])
def test_other_formats(program: Program, write: Write, look: str) -> None:
    answer = program("run", "--kernel", "6.6", write(GAP, WRONG, SEALED, BROKEN), "--format", look)
    assert answer.code == 1 and not answer.err
    assert all(name in answer.out for name in ("gap", "wrong", "sealed", "broken"))
    if look == "junit":
        (suite,) = ElementTree.fromstring(answer.out)
        assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "1")


def test_only_and_list(program: Program, write: Write) -> None:
    folder = write(GAP, PLAIN, SEALED)
    answer = program("run", "--kernel", "6.17", folder, "--only", "g*", "--only", "plain", "--list")
    assert answer.code == 0 and [line.split()[0] for line in answer.out.splitlines()] == ["gap", "plain"]
    listed = program("run", folder, "--list", "--format", "json").json
    Draft202012Validator(json_schema("list")).validate(listed)
    assert [scenario["scenario"] for scenario in listed["scenarios"]] == ["gap", "plain", "sealed"]
    answer = program("run", "--kernel", "6.17", folder, "--only", "gap", "--format", "json")
    assert [result["scenario"] for result in answer.json["results"]] == ["gap"]


def test_fail_fast(program: Program, write: Write) -> None:
    answer = program("run", "--kernel", "6.17", write(EXPECTED, WRONG, GAP), "--fail-fast", "--format", "json")
    assert answer.code == 1 and [result["scenario"] for result in answer.json["results"]] == ["expected", "wrong"]


def test_expectations_of_another_version(program: Program, write: Write) -> None:
    folder = write(GAP)
    assert program("run", "--kernel", "6.16", folder, "--expect-as", "6.17").code == 1
    assert program("run", "--kernel", "6.16+multi-vma-move", folder, "--expect-as", "6.17").code == 0


@pytest.mark.alone
def test_jobs_change_nothing_but_the_time(program: Program, write: Write) -> None:
    folder = write(GAP, WRONG, SEALED, BROKEN)
    one = program("run", "--kernel", "6.6", folder, "--format", "json")
    two = program("run", "--kernel", "6.6", folder, "--format", "json", "--jobs", "2")
    assert one == two


def test_verbose_shows_the_steps(program: Program, write: Write) -> None:
    folder = write(GAP)
    quiet = program("run", "--kernel", "6.16", folder)
    loud = program("run", "--kernel", "6.16", folder, "-v")
    assert loud.code == 0 and len(loud.out.splitlines()) > len(quiet.out.splitlines())
    trace = program("run", "--kernel", "6.16", folder, "-v", "--format", "json").json["results"][0]["trace"]
    assert trace and all(set(note) == {"step", "text", "change"} for note in trace)


def test_colours(program: Program, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(EXPECTED)
    assert "\x1b" not in program("run", "--kernel", "6.17", folder).out
    assert "\x1b[32m" in program("run", "--kernel", "6.17", folder, "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in program("run", "--kernel", "6.17", folder).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in program("run", "--kernel", "6.17", folder).out


def test_the_running_kernel(program: Program, write: Write) -> None:
    answer = program("run", write(PLAIN), "--format", "json")
    assert answer.code == 0 and answer.json["kernel"]["executor"] == "live"
    assert answer.json["results"][0]["outcome"]["regions"] == {"src": ".", "dst": "A"}


def test_a_recorded_run_can_be_judged_again(program: Program, write: Write, tmp_path: Path) -> None:
    folder = write(GAP)
    record = tmp_path / "6.16.json"
    record.write_text(program("run", "--kernel", "6.16", folder, "--format", "json").out)
    assert program("run", "--kernel", f"recorded:{record}", folder / "0.yaml").code == 0
    (folder / "0.yaml").write_text(GAP.replace("AA.", "A.."))
    answer = program("run", "--kernel", f"recorded:{record}", folder / "0.yaml", "--format", "json")
    (result,) = answer.json["results"]
    assert answer.code == 1 and result["status"] == "error" and "another scenario of this name" in result["reason"]


def test_default_scenarios(program: Program, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(json.loads(program("run", "--list", "--format", "json").out)["scenarios"]) > 100  # the shipped ones
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.yaml").write_text(PLAIN)
    assert program("run", "--list").out == "plain  Always moved\n"


def test_reports_go_to_several_places(program: Program, write: Write, tmp_path: Path) -> None:
    folder = write(GAP, WRONG)
    (tmp_path / "reports").mkdir()
    files = {name: tmp_path / "reports" / f"{name}.txt" for name in ("json", "junit", "ktap", "markdown", "table")}
    options = [word for name, path in files.items() for word in ("-o", f"{name}:{path}")]
    answer = program("run", "--kernel", "6.6", folder, *options)
    assert answer.code == 1 and answer.out == program("run", "--kernel", "6.6", folder).out
    for name, path in files.items():
        text = program("run", "--kernel", "6.6", folder, "--format", name).out
        assert "wrong" in path.read_text() and (name == "junit" or path.read_text() == text)


def test_a_report_may_take_the_place_of_the_one_on_standard_output(program: Program, write: Write) -> None:
    answer = program("run", "--kernel", "6.6", write(GAP), "-o", "ktap:-")
    assert answer.code == 0 and answer.out.startswith("KTAP version 1\n") and "Kernel 6.6" not in answer.out


@pytest.mark.parametrize("given", [["junit"], ["xml:report"], ["junit:"], ["json:-", "ktap:-"]])
def test_what_is_no_place_for_a_report(program: Program, write: Write, given: list[str]) -> None:
    options = [word for each in given for word in ("-o", each)]
    assert program("run", "--kernel", "6.6", write(GAP), *options).code == 2


def test_a_report_that_cannot_be_written_ends_the_run(program: Program, write: Write, tmp_path: Path) -> None:
    answer = program("run", "--kernel", "6.6", write(GAP), "-o", f"json:{tmp_path}/no/report.json")
    assert answer.code == 74 and "report.json cannot be written" in answer.err


def test_bisect_says_what_it_judged(program: Program, write: Write) -> None:
    folder = write(GAP)
    old = ["run", folder, "--bisect", "--expect-as", "6.16", "--term-new", "keeps", "--kernel"]
    good, bad = program(*old, "6.16"), program(*old, "6.17")
    assert (good.code, bad.code) == (0, 1)
    assert good.err.startswith("mremapcheck: good (exit code 0): 6.16, the model") and "expected of 6.16" in good.err
    assert bad.err.startswith("mremapcheck: keeps (exit code 1): 6.17, the model")
    assert "gap is fail (expect at " in bad.err and bad.err.endswith("expected EFAULT, seen none\n")
    untold = program("run", write(PLAIN), "--bisect", "--kernel", "6.17", "--only", "plain", "--format", "json")
    assert untold.code == 125 and untold.json["summary"]["unchecked"] == 1
    assert untold.err.startswith("mremapcheck: skip, this kernel cannot tell (exit code 125): 6.17")
    assert untold.err.endswith("plain is unchecked: nothing is expected of this kernel\n")


def test_quiet_is_silent_where_all_is_well(program: Program, write: Write) -> None:
    assert program("run", "--kernel", "6.16", write(GAP), "-q") == (0, "", "")
