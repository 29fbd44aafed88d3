"""Expectations written into scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mremapcheck.cli.main import call

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
MULTI = """\
# first line
summary: Two mappings move in one call  # said here
map:
  src: "AB"
  dst: "X."
vmas:
  B: {prot: r}
moves:
  - {old_address: src, old_size: 2p, flags: MAYMOVE|FIXED, new_address: dst}
"""
WRITTEN = """\
expect:
  - kernel: "<6.17-rc1"
    errno: EFAULT
    verdict: damaged
    src: AB
    dst: ".."
  - kernel: ">=6.17-rc1"
    verdict: moved
    src: ".."
    dst: AB
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(MULTI)
    return path


def test_what_models_do_is_written_below(file: Path) -> None:
    assert call(["expect", str(file)]) == 0
    assert file.read_text() == MULTI + WRITTEN
    assert call(["expect", "--check", str(file)]) == 0


def test_what_is_right_stays_as_it_is_written(file: Path) -> None:
    mine = MULTI + 'expect:  # mine\n  - {kernel: "<=6.16", errno: EFAULT}\n  - {kernel: ">6.16", verdict: moved}\n'
    file.write_text(mine)
    assert call(["expect", str(file)]) == 0
    assert file.read_text() == mine


def test_bits_are_written_where_nothing_else_tells_kernels_apart(file: Path) -> None:
    file.write_text("""\
map: {src: "AA", dst: ".."}
vmas: {A: {uffd: wp}}
moves:
  - {op: uffd-writeprotect, address: src, size: 1p}
  - {old_address: src, old_size: 2p, flags: MAYMOVE|FIXED, new_address: dst}
""")
    assert call(["expect", str(file)]) == 0
    last = file.read_text().split("  - kernel: ")[-1]
    assert (
        last
        == """\
">=6.13-rc7"
    verdict: moved
    src: ".."
    dst: AA
    bits: {uffd-wp: {src: "..", dst: "--"}}
"""
    )
    assert call(["run", "--kernel", "6.12", str(file)]) == 0
    file.write_text(file.read_text().replace('"#-"', '"--"'))
    assert call(["expect", "--check", str(file)]) == 1


def test_comments_and_the_order_of_the_file_stay(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, tail = MULTI.split("moves:")
    old = 'expect:\n  # why\n  - {kernel: ">=6.17-rc1", verdict: resized}\n# about the moves\n'
    file.write_text(f"{head}{old}moves:{tail}")
    assert call(["expect", "--check", str(file)]) == 1
    assert "case.yaml:2: case: kernels do otherwise" in capsys.readouterr().out
    assert call(["expect", str(file)]) == 0
    second = WRITTEN.index('  - kernel: ">=6.17')
    new = f"{WRITTEN[:second]}  # why\n{WRITTEN[second:]}"
    assert file.read_text() == f"{head}{new}# about the moves\nmoves:{tail}"


def test_several_documents(file: Path) -> None:
    file.write_text(f"name: one\n{MULTI}---\nname: two\n{MULTI}")
    assert call(["expect", str(file)]) == 0
    assert file.read_text() == f"name: one\n{MULTI}{WRITTEN}---\nname: two\n{MULTI}{WRITTEN}"


def test_layout_is_written_where_nothing_else_tells_kernels_apart(file: Path) -> None:
    assert call(["expect", "--check", str(SCENARIOS)]) == 0


def test_one_kernel_adds_what_it_does(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["expect", "--kernel", "6.17", str(file)]) == 0
    assert file.read_text().startswith(MULTI + 'expect:\n  - kernel: "6.17.0"\n    verdict: moved\n')
    assert call(["expect", "--kernel", "6.16", str(file)]) == 0
    assert 'kernel: "6.17.0"' in file.read_text() and 'kernel: "6.16.0"' in file.read_text()
    file.write_text(MULTI + "expect:\n  - {verdict: moved}\n")
    assert call(["expect", "--kernel", "6.16", str(file)]) == 2
    assert "does otherwise" in capsys.readouterr().err


def test_what_another_platform_does_is_not_written_for_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["expect", str(file), "--kernel", "6.17@arm64-16k"]) == 2
    said = capsys.readouterr().err
    assert "`6.17@arm64-16k` is a kernel of arm64-16k, and expectations hold on all" in said
    assert file.read_text() == MULTI
    assert call(["expect", str(file), "--kernel", "6.17@arm64-16k", "--check"]) == 1


def test_json_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.json"
    path.write_text('{"map": {"src": "A"}, "moves": [{"old_address": "src", "old_size": "1p"}]}')
    assert call(["expect", str(path)]) == 2
    assert "cannot be written into this file" in capsys.readouterr().err


def test_nothing_is_expected_of_kernels_where_a_step_fails(file: Path) -> None:
    """Up to 5.17 memory without access cannot be locked on fault."""
    text = MULTI.replace("{prot: r}", "{prot: none}").replace(
        "moves:\n", "moves:\n  - {op: mlock, address: src+1p, size: 1p, lock: on-fault, errno: ENOMEM}\n"
    )
    file.write_text(text)
    assert call(["expect", "--check", str(file)]) == 1
    assert call(["expect", str(file)]) == 0
    assert 'kernel: "<5.18-rc1"' in file.read_text()
    assert call(["expect", "--check", str(file)]) == 0


def test_a_file_that_cannot_be_written_into_stops_no_other(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = file.with_name("a.json"), file.with_name("z.yaml")
    before.write_text('{"map": {"src": "A"}, "moves": [{"old_address": "src", "old_size": "1p"}]}')
    after.write_text(MULTI.replace("moves:\n", "moves:\n  - {op: munmap, address: src, size: 1p, errno: EPERM}\n"))
    assert call(["expect", str(file.parent)]) == 2
    said = capsys.readouterr()
    assert said.out == "3 scenarios: 1 written\n"
    assert f"{before}:1:1: error: expectations cannot be written" in said.err
    assert f"{after}:2:1: error: no kernel can run this: " in said.err
    assert file.read_text() == MULTI + WRITTEN


def test_a_commented_scenario_to_start_from(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert call(["init", str(path)]) == 0
    assert call(["lint", str(path)]) == 0
    assert call(["expect", "--check", str(path)]) == 0
    assert call(["init", str(path)]) == 2


def test_of_what_no_kernel_runs_nothing_can_be_expected(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = MULTI.replace("moves:\n", "moves:\n  - {op: munmap, address: src, size: 1p, errno: EPERM}\n")
    file.write_text(text)
    assert call(["expect", str(file)]) == 2
    assert "case.yaml:2:1: error: no kernel can run this: " in capsys.readouterr().err
    assert file.read_text() == text
