"""Recording a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.cli.main import call
from mremapcheck.convert.trace.record import record
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.scenario.loader import load_paths
from tests.tools import missing, tool

PROGRAM = r"""
#define _GNU_SOURCE
#include <sys/mman.h>
int main(void)
{
	char *memory = mmap(0, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory[0] = 1;
	mprotect(memory + 4096, 4096, PROT_READ);
	memory = mremap(memory + 2 * 4096, 2 * 4096, 300 * 4096, MREMAP_MAYMOVE);
	memory = mremap(memory, 300 * 4096, 4096, MREMAP_MAYMOVE);
	return memory == MAP_FAILED;
}
"""


def test_without_strace_it_says_which_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MremapcheckError, match="strace is not installed") as caught:
        record(["true"], tmp_path / "log")
    assert "package `strace`" in caught.value.hint


@pytest.fixture(scope="module")
def strace() -> None:
    if subprocess.run([tool("strace"), "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        missing("strace may not trace here")


@pytest.mark.usefixtures("strace")
def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MremapcheckError, match="no command `/nowhere/at/all`"):
        record(["/nowhere/at/all"], tmp_path / "log")


@pytest.mark.usefixtures("strace")
def test_a_program_that_makes_no_such_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["record", "--", "true"]) == 4
    assert "it made none: big buffers have to grow" in capsys.readouterr().err


@pytest.mark.usefixtures("strace")
def test_a_recorded_program_does_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiler = tool("cc")
    (tmp_path / "grow.c").write_text(PROGRAM)
    subprocess.run([compiler, "-o", tmp_path / "grow", tmp_path / "grow.c"], check=True)
    out, log = tmp_path / "out", tmp_path / "kept.log"
    assert call(["record", "-o", str(out), "--log", str(log), "--", str(tmp_path / "grow")]) == 0
    assert "2 mremap calls in a run of grow come down to 2 scenarios" in capsys.readouterr().err
    assert "mremap(" in log.read_text()
    scenarios = load_paths([out]).scenarios
    grown = next(scenario for scenario in scenarios if "grow-" in scenario.name.removeprefix("grow-"))
    assert [run.letter for run in grown.regions[0].runs][:2] == ["A", "B"]
    with LiveExecutor() as live:
        for scenario, execution in zip(scenarios, live.run(scenarios), strict=True):
            assert execution.outcome
            assert execution.outcome.moves[-1].verdict == scenario.expect[0].moves[-1].verdict


@pytest.mark.usefixtures("strace")
def test_a_program_without_mremap_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["record", "--", sys.executable, "-S", "-E", "-c", "pass"]) in (0, 4)
    assert "mremap" in capsys.readouterr().err


def test_import_writes_one_stream_or_a_file_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(Path(__file__).parent.parent / "data" / "half-locked-fork.log")
    assert call(["import", log]) == 0
    stream = capsys.readouterr().out
    assert stream.count("name: half-locked-fork-move") == 2
    (tmp_path / "stream.yaml").write_text(stream)
    loaded = load_paths([tmp_path / "stream.yaml"])
    assert [scenario.name for scenario in loaded.scenarios] == ["half-locked-fork-move", "half-locked-fork-move-2"]
    assert not loaded.problems
    assert call(["import", log, "-o", str(tmp_path / "d")]) == 0
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == [
        "half-locked-fork-move-2.yaml",
        "half-locked-fork-move.yaml",
    ]
    assert call(["import", log, "-o", str(tmp_path / "d")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_import_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["import", str(tmp_path / "nothing.log")]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
    (tmp_path / "empty.log").write_text("")
    assert call(["import", str(tmp_path / "empty.log")]) == 4
    assert "no mremap among 0 calls" in capsys.readouterr().err
    (tmp_path / "other.log").write_text("7 munmap(0x7f0000000000, 4096) = 0\n")
    assert call(["import", str(tmp_path / "other.log")]) == 4
    assert "it made none, or was traced without" in capsys.readouterr().err
