from __future__ import annotations

import io
import json
import os
from pathlib import Path
from threading import Timer
from types import SimpleNamespace
from typing import Any

import pytest

from mremapcheck.scenario.files import LARGEST_FILE
from mremapcheck.scenario.loader import load_bytes, load_file, load_paths
from tests.scenario.documents import PLAIN, RICH

GOOD = """\
summary: one mapping moves
map: {src: AA, dst: ..}
moves:
  - {old_address: src, old_size: 2p, flags: MAYMOVE|FIXED, new_address: dst}
"""


def write(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_named_after_its_file(tmp_path: Path) -> None:
    loaded = load_file(write(tmp_path / "Some Case_1.yaml"))
    assert not loaded.problems
    scenario = loaded.scenarios[0]
    assert (scenario.name, scenario.line, scenario.path) == ("some-case_1", 1, str(tmp_path / "Some Case_1.yaml"))
    assert [step.line for step in scenario.script] == [4]


def test_several_documents_in_a_file() -> None:
    loaded = load_bytes(f"{GOOD}---\nname: own\n{GOOD}---\n---\n{GOOD}".encode(), "dir/case.yaml")
    assert not loaded.problems
    assert [(scenario.name, scenario.line) for scenario in loaded.scenarios] == [
        ("case", 1),
        ("own", 6),
        ("case-3", 13),
    ]


def test_a_scenario_needs_no_summary() -> None:
    loaded = load_bytes("".join(GOOD.splitlines(keepends=True)[1:]).encode(), "case.yaml")
    assert [(scenario.name, scenario.summary) for scenario in loaded.scenarios] == [("case", "case")]


def test_problems_are_file_line_column_message_hint() -> None:
    text = GOOD.replace("2p", "2").replace("summary", "sumary")
    assert "\n".join(map(str, load_bytes(text.encode(), "case.yaml").problems)) == (
        "case.yaml:1:1: error: unknown key `sumary`\n"
        "  hint: did you mean `summary`?\n"
        "case.yaml:4:34: error: a size needs its unit, 2 has none\n"
        "  hint: with its unit: `2p` (pages) or `8K`?"
    )


def test_good_documents_of_a_bad_file_are_kept() -> None:
    loaded = load_bytes(f"{GOOD}---\nsummary: x\n---\n{GOOD}".encode())
    assert len(loaded.scenarios) == 2
    assert [problem.line for problem in loaded.problems] == [6, 6]


def test_mistakes_of_the_text_and_of_the_document_are_said_together() -> None:
    loaded = load_bytes((GOOD.replace("2p", "2") + "summary: again\n").encode())
    assert [problem.line for problem in loaded.problems] == [4, 5]
    assert not loaded.scenarios


def test_a_tag_does_not_hide_other_mistakes() -> None:
    loaded = load_bytes(GOOD.replace("one mapping", "!!str one mapping").replace("2p", "2").encode())
    assert [problem.line for problem in loaded.problems] == [1, 4]
    assert not loaded.scenarios


def test_an_alias_is_the_only_thing_said_about_its_document() -> None:
    loaded = load_bytes(GOOD.replace("AA", "*x").encode())
    assert [problem.message for problem in loaded.problems] == ["alias `*x`: a scenario has no aliases"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no scenario in this file"),
        (b"# only words\n---\n", "there is no scenario in this file"),
        (b"ab\xff", "this is not UTF-8 text"),
        (b"\x00", "character 0x0 has no place in a text"),
        ("summary: x".encode("utf-16"), "this is not UTF-8 text"),
        (b"just words", "expected a mapping, found `just words`"),
    ],
)
def test_what_is_no_scenario_file(content: bytes, message: str) -> None:
    loaded = load_bytes(content)
    assert not loaded.scenarios
    assert [problem.message for problem in loaded.problems] == [message]


def test_a_byte_order_mark_is_no_problem() -> None:
    assert not load_bytes(b"\xef\xbb\xbf" + GOOD.encode()).problems


def test_undecodable_bytes_have_a_position() -> None:
    problem = load_bytes(b"summary: x\nab: \xff").problems[0]
    assert (problem.line, problem.column) == (2, 5)


def test_files_have_a_largest_size(tmp_path: Path) -> None:
    loaded = load_file(write(tmp_path / "big.yaml", "#" * (LARGEST_FILE + 1)))
    assert [problem.message for problem in loaded.problems] == ["is larger than 1 MiB, which no scenario is"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    loaded = load_file(tmp_path / "none.yaml")
    assert [problem.message for problem in loaded.problems] == ["cannot be read: No such file or directory"]


def test_json_files(tmp_path: Path) -> None:
    loaded = load_file(write(tmp_path / "case.json", json.dumps(RICH, indent=1)))
    assert not loaded.problems
    assert loaded.scenarios[0].script[-1].line > 100
    bad = load_file(write(tmp_path / "bad.json", json.dumps({**PLAIN, "summary": 6.5}, indent=1)))
    assert str(bad.problems[0]) == (
        f'{tmp_path}/bad.json:2:13: error: expected a summary, found the number 6.5\n  hint: put it in quotes: "6.5"'
    )


def test_folders_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "sub/c.json", "sub/.hidden.yaml", ".git/d.yaml", "notes.txt", "z.yaml/e.yaml"):
        write(tmp_path / name, json.dumps(PLAIN))
    loaded = load_paths([tmp_path])
    assert not loaded.problems
    assert [scenario.name for scenario in loaded.scenarios] == ["a", "b", "c", "e"]


def test_a_file_given_twice_is_loaded_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml")
    assert len(load_paths([file, tmp_path, str(file)]).scenarios) == 1


def test_names_are_unique(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.yaml"), write(tmp_path / "sub" / "a.yaml")
    loaded = load_paths([tmp_path])
    assert len(loaded.scenarios) == 1
    assert str(loaded.problems[0]) == (
        f"{second}:1:1: error: there is another scenario `a`, at {first}:1\n  hint: give it a `name:` of its own"
    )


def test_missing_paths_are_problems(tmp_path: Path) -> None:
    loaded = load_paths([tmp_path / "none", write(tmp_path / "a.yaml")])
    assert [str(problem).splitlines()[0] for problem in loaded.problems] == [
        f"{tmp_path}/none: error: there is no such file or folder"
    ]
    assert len(loaded.scenarios) == 1
    assert load_paths([tmp_path / "aa.yaml"]).problems[0].hint == f"did you mean `{tmp_path}/a.yaml`?"


def test_a_link_to_nothing_and_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    first, second = (load_paths([tmp_path / f"{name}.yaml"]).problems[0] for name in ("gone", "loop"))
    assert first.message == "is a link to something that is not there" and "nowhere" in first.hint
    assert "symbolic links" in second.message
    assert len(load_paths([tmp_path]).problems) == 2  # a scenario that is left out without a word would be a success


def test_a_name_that_is_too_long_is_a_problem() -> None:
    assert "too long" in load_paths(["a" * 5000]).problems[0].message


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.yaml")
    scandir = os.scandir

    def forbidden(path: str) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    (tmp_path / "secret").mkdir()
    monkeypatch.setattr("os.scandir", forbidden)
    loaded = load_paths([tmp_path])
    assert len(loaded.scenarios) == 1
    assert str(loaded.problems[0]) == (
        f"{tmp_path}/secret: error: cannot be read: Permission denied\n  hint: this user may not read it"
    )


def test_a_pipe_is_read_while_somebody_writes_to_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    assert load_file(fifo).problems[0].message == "is a pipe that nobody writes to"
    assert [problem.message for problem in load_paths([tmp_path]).problems] == ["is a pipe that nobody writes to"]
    reader, writer = os.pipe()
    Timer(0.2, lambda: os.fdopen(writer, "w").write(GOOD)).start()
    assert len(load_file(f"/dev/fd/{reader}").scenarios) == 1
    os.close(reader)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_a_device_is_not_a_file(path: str) -> None:
    assert load_file(path).problems[0].message == "is a device, not a file"


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert str(load_paths(["-"]).problems[0]).startswith("<stdin>: error: standard input is closed\n  hint: ")


def test_a_name_with_a_line_end_does_not_break_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a\nb\x1b[31m.yaml", "x")
    assert len(str(load_file(path).problems[0]).splitlines()) == 2
    assert "\x1b" not in str(load_file(path).problems[0])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(GOOD.encode())))
    loaded = load_paths(["-"])
    assert [(scenario.name, scenario.path) for scenario in loaded.scenarios] == [("stdin", "<stdin>")]


def test_names_of_files_that_are_no_text_can_be_printed(tmp_path: Path) -> None:
    try:
        path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")
        Path(path).write_text("x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert "\ufffd.yaml:1:1: error: " in str(load_paths([tmp_path]).problems[0]).encode().decode()
