"""What every command has in common: errors, closed pipes, Ctrl-C, and how fast it starts."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.core import TyperOption

import mremapcheck
from mremapcheck.cli import command as commands
from mremapcheck.cli import reporting
from mremapcheck.cli.environment import Terminated
from mremapcheck.cli.failures import answer
from mremapcheck.cli.main import COMMANDS, build, call
from mremapcheck.cli.output import Stdout
from mremapcheck.cli.request import Request
from mremapcheck.report.base import Tally
from mremapcheck.report.formats.json import Json
from mremapcheck.report.schema import NAMES, json_schema
from tests.cli.conftest import BAD, EXPECTED, GAP, PLAIN, Program
from tests.images.factories import bzimage
from tests.waiting import catches, until

Write = Callable[..., Path]
Shell = Callable[..., "subprocess.CompletedProcess[str]"]


def test_version(program: Program) -> None:
    assert program("--version") == (0, f"mremapcheck {mremapcheck.__version__}\n", "")


def test_version_is_found_in_the_help(program: Program) -> None:
    assert "--version" in program("--help").out
    assert program("--version", "run").out == f"mremapcheck {mremapcheck.__version__}\n"


def test_every_command_says_in_a_line_what_it_answers(program: Program) -> None:
    text = program("--help").out
    for name, entry in COMMANDS.items():
        assert f"  {name:<11}  {entry.about}\n" in text


@pytest.mark.parametrize("args", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(program: Program, args: list[str]) -> None:
    answer = program(*args)
    assert answer.code == 0 and answer.out.startswith("Usage: mremapcheck") and not answer.err


#: Older releases of typer convert arguments, and word what is wrong with them, in their own way.
OUR_WORDS = pytest.mark.skipif(not hasattr(TyperOption, "get_runtime_param"), reason="typer is older than 0.29")


def test_commands_that_do_not_exist(program: Program) -> None:
    answer = program("rum")
    assert answer.code == 2 and "rum" in answer.err and not answer.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run", "--format", "jsn"], "`jsn` is none of table, json, ktap, junit, markdown; did you mean `json`?"),
        pytest.param(["run", "--jobs", "x"], "`x` is not a whole number", marks=OUR_WORDS),
        pytest.param(["run", "--jobs", "0"], "0 is less than 1", marks=OUR_WORDS),
        pytest.param(["run", "--timeout", "nan"], "`nan` is not a number", marks=OUR_WORDS),
        pytest.param(["run", "--timeout", "inf"], "inf is more than 86400", marks=OUR_WORDS),
        pytest.param(["run", ""], "the path is empty", marks=OUR_WORDS),
        (["run", "--kernel", "6.16", "--kernel", "6.17"], "one kernel is asked"),
        (["run", "--kernel", "6.16", "6.17"], "one kernel is asked"),
        (["compare", "--kernel", "6.16"], "two kernels are compared"),
        (["compare", "--kernel", "6.16", "scenarios"], "two kernels are compared"),
        (["compare", "--kernel", "6.16", "6.17", "6.18"], "two kernels are compared"),
    ],
)
def test_what_is_wrong_with_an_option(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], message: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    answer = program(*args)
    assert answer.code == 2 and message in answer.err and "Value error" not in answer.err and not answer.out


def test_every_command_is_there() -> None:
    assert len(build().registered_commands) == len(COMMANDS)


def test_a_full_disk(shell: Shell) -> None:
    for line in (
        "$M --version",
        "$M --help",
        "$M run --kernel 6.17",
        "$M run --kernel 6.17 --format json",
        "$M changes",
    ):
        answer = shell(f"{line} > /dev/full")
        assert answer.returncode == 74, line
        assert answer.stderr == "mremapcheck: the output cannot be written: No space left on device\n"
    assert shell("$M run --kernel 6.17 --bisect > /dev/full").returncode == 129


def test_a_closed_output(shell: Shell) -> None:
    answer = shell("$M run --kernel 6.17 >&-")
    assert answer.returncode == 74 and answer.stderr == "mremapcheck: standard output is closed\n"


def test_a_closed_or_full_standard_error(shell: Shell) -> None:
    for stderr in ("2>&-", "2>/dev/full", "<&- 2>&-"):
        answer = shell(f"$M run nothing.yaml {stderr}; echo $?; $M run --only uffd-first {stderr}; echo $?")
        assert answer.stdout.startswith("2\n") and answer.stdout.endswith("1 scenario: 1 pass\n0\n"), stderr
    assert shell("$M run --kernel 6.17 <&- >&- 2>&-").returncode == 74


def test_a_reader_that_has_read_enough(shell: Shell) -> None:
    answer = shell(
        "$M changes | head -1 > /dev/null; echo ${PIPESTATUS[0]}; $M run --kernel 6.17 | true; echo ${PIPESTATUS[0]}"
    )
    assert answer.stderr == "" and answer.stdout.split()[1] == "74"


def test_a_bug_of_ours(program: Program, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("mremapcheck.scenario.selection.load_paths", broken)
    answer = program("run", "--kernel", "6.17", "--format", "json")
    assert answer.code == 70 and "this is a bug in mremapcheck: ZeroDivisionError: oh" in answer.err
    assert "Traceback" not in answer.err and answer.json["problems"][0]["message"].startswith("bug in mremapcheck")
    file = Path(answer.err.split()[-1])
    assert "Traceback" in file.read_text()
    file.unlink()
    assert program("run", "--kernel", "6.17", "--bisect").code == 129
    monkeypatch.setenv("MREMAPCHECK_DEBUG", "1")
    assert "Traceback" in program("run", "--kernel", "6.17").err


@pytest.mark.parametrize(
    ("number", "code", "trouble"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
def test_ctrl_c_and_its_like_leave_a_valid_report(write: Write, number: int, code: int, trouble: str) -> None:
    many = "\n---\n".join(PLAIN.replace("plain", f"plain-{n}") for n in range(3000))
    path = write(many) / "0.yaml"
    command = [sys.executable, "-m", "mremapcheck", "run", "--kernel", "6.17", str(path), "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        first = process.stdout.readline() + process.stdout.readline()
        process.send_signal(number)
        out, err = first + process.stdout.read(), process.stderr.read()
    document = json.loads(out)
    Draft202012Validator(json_schema("run")).validate(document)
    assert process.returncode == code and document["trouble"] == trouble and "Traceback" not in err
    assert 0 < len(document["results"]) < 3000
    # The one that was being written when the signal came is counted, and may not be there.
    assert document["summary"]["unchecked"] - len(document["results"]) in (0, 1)


@pytest.mark.parametrize("error", [RuntimeError("Error calling __set_name__"), typer.Abort()], ids=["Python", "typer"])
def test_a_signal_of_which_something_else_was_made_is_a_signal(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Stdout, "used", False)  # a process's, whatever tests were in this one before
    error.__cause__ = Terminated(signal.SIGTERM)
    assert answer(error, Request.read(["run"])) == 143
    assert capsys.readouterr().err == "mremapcheck: ended by SIGTERM\n"


@pytest.mark.parametrize("reader", ["Program", "Command"])
def test_a_signal_while_arguments_are_read_is_that_signal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reader: str
) -> None:
    def strike(*arguments: object) -> None:
        raise Terminated(signal.SIGTERM)

    monkeypatch.setattr(getattr(commands, reader), "parse_args", strike)
    assert call(["lint"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "mremapcheck: ended by SIGTERM\n"


def test_a_signal_at_the_beginning_of_a_report_leaves_a_valid_one(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Json.start

    def interrupted(reporter: Json) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        start(reporter)

    monkeypatch.setattr(Json, "start", interrupted)
    answer = program("run", "--kernel", "6.17", write(PLAIN), "--format", "json")
    assert (answer.code, answer.json["trouble"]) == (130, "interrupted")


def test_a_signal_at_the_end_of_reports_leaves_whole_files(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finish = Json.finish

    def interrupted(reporter: Json, tally: Tally) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        finish(reporter, tally)

    monkeypatch.setattr(Json, "finish", interrupted)
    files = ["-o", f"json:{tmp_path / 'run.json'}", "-o", f"junit:{tmp_path / 'run.xml'}"]
    assert program("run", "--kernel", "6.17", write(PLAIN), *files).code == 130
    assert json.loads((tmp_path / "run.json").read_text())["summary"]["unchecked"] == 1
    assert ElementTree.parse(tmp_path / "run.xml").getroot().tag == "testsuites"


def test_a_signal_before_a_report_begins_leaves_no_empty_file(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*arguments: object) -> None:
        assert (tmp_path / "run.json").exists()
        raise Terminated(signal.SIGTERM)

    monkeypatch.setattr(reporting, "open_report", interrupted)
    files = ["-o", f"json:{tmp_path / 'run.json'}", "-o", f"junit:{tmp_path / 'run.xml'}"]
    answer = program("run", "--kernel", "6.17", write(PLAIN), *files)
    assert answer.code == 143
    assert not list(tmp_path.glob("run.*"))


def test_calls_of_one_process_leave_no_garbage_behind() -> None:
    before = gc.get_freeze_count()
    assert call(["changes", "--format", "json"]) == 0
    assert gc.get_freeze_count() <= before and gc.isenabled()


def test_a_signal_before_there_is_a_report() -> None:
    command = [sys.executable, "-m", "mremapcheck", "run", "--kernel", "6.17", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: catches(process.pid, signal.SIGTERM), "a handler")
        process.terminate()
        assert process.stderr and process.stderr.read() == "mremapcheck: ended by SIGTERM\n"
    assert process.returncode == 143


def test_a_careless_parent_that_ignores_its_children(shell: Shell) -> None:
    """What ignores SIGCHLD bequeaths that, and then the ends of processes cannot be waited for."""
    answer = shell("trap '' CHLD; exec $M run --only uffd-first")
    assert answer.returncode == 0 and answer.stderr == "", answer.stderr


def test_nohup_is_respected() -> None:
    command = ["nohup", sys.executable, "-m", "mremapcheck", "run", "--kernel", "6.17", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: catches(process.pid, signal.SIGTERM), "a handler")
        process.send_signal(signal.SIGHUP)
        assert b"there is no scenario" in process.communicate(b"")[1]
    assert process.returncode == 2


def test_schemas(program: Program) -> None:
    for name in ("scenario", *NAMES):
        schema = json.loads(program("schema", name).out)
        Draft202012Validator.check_schema(schema)
    answer = program("schema", "nothing")
    assert answer.code == 2 and "scenario" in answer.err


def test_known_kernels_as_a_document(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    image = tmp_path / "bzImage"
    image.write_bytes(bzimage())
    added = program("kernels", "add", image, "--name", "mine")
    assert added.code == 0, added.err
    document = program("kernels", "--format", "json").json
    Draft202012Validator(json_schema("kernels")).validate(document)
    assert [kernel["name"] for kernel in document["kernels"]] == ["mine"]


def test_shipped_scenarios_are_what_the_schema_says(program: Program) -> None:
    assert json.loads(program("schema").out)["$schema"]


def test_lint(program: Program, write: Write) -> None:
    assert program("lint", write(EXPECTED)).code == 0
    answer = program("lint", write(BAD))
    assert answer.code == 2 and "0.yaml:5:" in answer.out
    unused = EXPECTED.replace('dst: "."', 'dst: ".", other: "."')
    answer = program("lint", write(unused), "--format", "json")
    Draft202012Validator(json_schema("lint")).validate(answer.json)
    assert answer.code == 1 and [problem["level"] for problem in answer.json["problems"]] == ["warning"]


def test_show(program: Program, write: Write) -> None:
    answer = program("show", write(GAP, PLAIN))
    assert answer.code == 0 and "gap: A mapping with a hole behind it" in answer.out and "src  AA." in answer.out
    assert "mremap(src, 3p, 3p, MAYMOVE|FIXED, dst)" in answer.out
    assert "gap" not in program("show", write(GAP, PLAIN), "--only", "plain").out


def test_changes(program: Program) -> None:
    everything = program("changes", "--format", "json").json
    Draft202012Validator(json_schema("changes")).validate(everything)
    ids = [change["id"] for change in everything["changes"]]
    assert {"multi-vma-move", "early-failure"} <= set(ids) and len(ids) == len(set(ids))
    assert "d5f416c7c364" in program("changes", "early-failure").out
    late = program("changes", "--since", "6.17", "--format", "json").json["changes"]
    assert 0 < len(late) < len(ids) and "multi-vma-move" not in [change["id"] for change in late]
    answer = program("changes", "early-failur")
    assert answer.code == 4 and "did you mean early-failure?" in answer.err
    document = program("changes", "early-failur", "--format", "json").json
    Draft202012Validator(json_schema("problems")).validate(document)


def test_changes_are_found_by_parts_of_their_subjects(program: Program) -> None:
    document = program("changes", "SECRETMEM:", "properly ACCOUNT", "--format", "json").json
    assert [change["id"] for change in document["changes"]] == ["secret-by-default", "secret-unlocked"]
    assert "97d34aa65c29" in program("changes", "account locked").out
    assert program("changes", "no such words in any subject").code == 4


def test_changes_tell_what_is_certain(program: Program) -> None:
    (once, stays) = program("changes", "397432cab17b", "uffd-copy-stays-apart", "--format", "json").json["changes"]
    assert (once["commit"], once["release"], once["stable"]) == ("397432cab17b", "7.3-rc4", ["6.18.54", "7.2.8"])
    assert once["certain"] and not stays["certain"] and stays["commit"] == ""
    facts = {piece["fact"]: piece for piece in reversed(stays["evidence"])}
    assert list(reversed(facts)) == ["commit", "release", "6.12.118", "7.3.4"]
    assert not facts["release"]["certain"] and facts["7.3.4"]["kind"] == "changelog"
    told = program("changes", "uffd-copy-stays-apart").out
    assert "7.4-rc1? (inferred): " in told and "7.3.4 (measured): 7.3-rc7 lacks it, 7.3.4 has it" in told
    table = program("changes")
    assert "7.4-rc1?" in table.out and "6.18.54 7.2.8" in table.out and "? is not certain" in table.out


def test_a_line_of_progress_tells_the_time_while_something_blocks() -> None:
    script = "from mremapcheck.base.progress import Line; line = Line('waiting'); line.say('for it')\n"
    script += "with line.ticking(): input()\nline.clear()"
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    text = b""
    while len(set(re.findall(rb"waiting: for it \((\d+) s\)", text))) < 3:
        text += os.read(ours, 1 << 12)
    process.communicate(b"enough\n")
    os.close(ours)
    assert process.returncode == 0


def test_tables_are_cut_to_the_terminal() -> None:
    for command in ("changes", "run --list"):
        out, name = pty.openpty()
        fcntl.ioctl(name, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen([sys.executable, "-m", "mremapcheck", *command.split()], stdout=name)
        os.close(name)
        text = b""
        with suppress(OSError):  # how a pseudo-terminal ends
            while more := os.read(out, 1 << 16):
                text += more
        os.close(out)
        assert process.wait() == 0
        assert max(len(line) for line in text.decode().splitlines()) == 80 and b"..." in text


@OUR_WORDS
def test_a_run_loads_only_what_it_needs(write: Write) -> None:
    path = str(write(EXPECTED) / "0.yaml")
    script = "import sys; from mremapcheck.cli.main import call; call(sys.argv[1:]); print(*sys.modules)"
    run = [sys.executable, "-c", script, "run", path]
    loaded = {}
    for kernel in ("6.17", "live"):
        answer = subprocess.run([*run, "--kernel", kernel], capture_output=True, text=True, check=True)
        loaded[kernel] = set(answer.stdout.splitlines()[-1].split())
    for heavy in ("rich", "jsonschema", "tabulate", "pydantic", "multiprocessing", "mremapcheck.compare.cause"):
        assert not [
            name for modules in loaded.values() for name in modules if name.split(".")[0] == heavy or name == heavy
        ]
    assert "mremapcheck.executors.live.executor" not in loaded["6.17"]
    assert "mremapcheck.executors.model.executor" not in loaded["live"]


@pytest.mark.parametrize(
    ("kernel", "code", "word"),
    [("6.17", 0, "has "), ("6.17-early-failure", 1, "lacks "), ("6.16+multi-vma-move", 1, "lacks ")],
)
def test_identify_answers_for_one_change(program: Program, write: Write, kernel: str, code: int, word: str) -> None:
    folder = "scenarios/multi/uffd-first.yaml"
    answer = program("identify", kernel, "early-failure", folder)
    assert answer.code == code and f"  {word:<12} early-failure" in answer.out
    assert program("identify", kernel, "d5f416c7c364", folder) == answer


def test_identify_knows_neither_a_change_nor_a_file_of_that_name(program: Program) -> None:
    answer = program("identify", "6.17", "nosuch")
    assert answer.code == 2 and "neither a change nor a file" in answer.err


def test_one_broken_file_does_not_stop_the_others(program: Program, write: Write) -> None:
    folder = write(GAP, BAD, PLAIN)
    (folder / "torn.yaml").write_text("map: {")
    answer = program("run", "--kernel", "6.17", folder, "--only", "gap")
    assert answer.code == 0 and "1 scenario: 1 pass" in answer.out and not answer.err
    for only in ("bad", "torn", "*", "nosuch"):
        assert program("run", "--kernel", "6.17", folder, "--only", only).code == 2


def test_lint_says_what_nothing_is_expected_of(program: Program, write: Write) -> None:
    entry = 'expect:\n  - {kernel: ">=6.17-rc1", verdict: moved}\n'
    folder = write(PLAIN, PLAIN.replace("plain", "late") + entry, EXPECTED)
    answer = program("lint", folder, "--format", "json")
    assert answer.code == 0
    Draft202012Validator(json_schema("lint")).validate(answer.json)
    assert [(problem["level"], problem["message"]) for problem in answer.json["problems"]] == [
        ("note", "nothing is expected of any kernel"),
        ("note", "nothing is expected of kernels before 6.17-rc1"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("old_size: 1p", "old_size: 0xfffeB", "5:34: warning: `0xfffeB` is no text to YAML, but a number"),
        ("summary: Always moved", "summary: 6.10", "2:10: warning: `6.10` is no text to YAML, but a number"),
        ("name: expected", "name: on", "1:7: warning: `on` is no text to YAML, but true or false"),
        ("old_address: src", "old_address: src+1p", "5:1: warning: src+1p is outside `src`, whose pages are 0 to 0"),
        ("old_address: src", "old_address: elsewhere", "5:19: error: the kernel has put nothing at `elsewhere` so far"),
        ('src: "A"', 'src: "AA"', "7:1: warning: the drawing of `src` has 1 of its 2 pages"),
        ('dst: "."', 'dst: "AA"', "7:1: warning: the drawing of `src` has 2 pages, and no more than 1 can be mapped"),
    ],
)
def test_lint_warns(program: Program, write: Write, old: str, new: str, told: str) -> None:
    drawing = "AA" if "no more" in told else "A"
    text = EXPECTED.replace("{verdict: moved}", f'{{verdict: moved, src: "{drawing}"}}')
    answer = program("lint", write(text.replace(old, new, 1)))
    assert f"0.yaml:{told}" in answer.out and "hint: " in answer.out
    assert answer.code == (2 if "error" in told else 1)


def test_numbers_that_the_schema_takes_need_no_quotes(program: Program, write: Write) -> None:
    text = EXPECTED.replace("flags: MAYMOVE|FIXED", "flags: 0x3").replace("old_address: src", "old_address: 0x1000")
    assert "is no text to YAML" not in program("lint", write(text)).out
