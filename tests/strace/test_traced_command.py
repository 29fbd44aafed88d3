"""Recording a program."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.cli.main import call
from mremapcheck.convert.strace.traced_command import TracedCommand
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.scenario.loader import load_paths
from mremapcheck.scenario.schema import modeline
from tests.tools import missing, tool

#: All of these fork.
pytestmark = pytest.mark.alone

ROOT = Path(__file__).parent.parent.parent

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
        TracedCommand(["true"], tmp_path / "log").__enter__()
    assert "package `strace`" in caught.value.hint


def test_larger_pages_are_refused_before_the_program_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Addresses of a log would be drawn in pages of 4K."""
    monkeypatch.setattr("mremapcheck.cli.record.PAGESIZE", 16384)
    assert call(["record", "--", "touch", str(tmp_path / "ran")]) == 2
    assert "logs are read with pages of 4K, and here they are of 16K" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


@pytest.fixture(scope="module")
def strace() -> None:
    if subprocess.run([tool("strace"), "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        missing("strace may not trace here")


@pytest.mark.usefixtures("strace")
def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MremapcheckError, match="no command `/nowhere/at/all`"):
        TracedCommand(["/nowhere/at/all"], tmp_path / "log").__enter__()


@pytest.mark.usefixtures("strace")
def test_a_log_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert call(["record", "--log", str(tmp_path / "file" / "log"), "--", "true"]) == 2
    assert "log cannot be written: " in capsys.readouterr().err


@pytest.mark.usefixtures("strace")
def test_a_folder_that_cannot_be_written_is_refused_before_the_program_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "in"):
        assert call(["record", "-o", str(folder), "--", "touch", str(tmp_path / "ran")]) == 74
        assert f"cannot be written: {tmp_path / 'file'} is no folder" in capsys.readouterr().err
    become = [tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
    starts = [*become, sys.executable, "-c", "import mremapcheck.cli.main, typer"]
    if not os.getuid() and not subprocess.run(starts, capture_output=True, check=False, cwd=ROOT).returncode:
        program = [sys.executable, "-m", "mremapcheck", "record", "-o", "/proc/1/x", "--", "true"]
        done = subprocess.run([*become, *program], capture_output=True, text=True, check=False, cwd=ROOT)
        assert (done.returncode, done.stdout) == (74, "")
        assert "/proc/1/x cannot be written: Permission denied" in done.stderr
    assert not (tmp_path / "ran").exists()


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
    assert stream.count(modeline()) == 2
    assert call(["import", log, "-o", str(tmp_path / "d")]) == 0
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == [
        "half-locked-fork-move-2.yaml",
        "half-locked-fork-move.yaml",
    ]
    assert all(path.read_text().startswith(f"{modeline()}\n") for path in (tmp_path / "d").iterdir())
    assert call(["import", log, "-o", str(tmp_path / "d")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_import_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["import", str(tmp_path / "nothing.log")]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
    (tmp_path / "empty.log").write_text("")
    assert call(["import", str(tmp_path / "empty.log"), "--kernel", "6.17@arm64-16k"]) == 2
    assert "logs are read as those of x86-64" in capsys.readouterr().err
    assert call(["import", str(tmp_path / "empty.log")]) == 4
    assert "no mremap among 0 calls" in capsys.readouterr().err
    (tmp_path / "maps.log").write_text("7f0000000000-7f0000001000 rw-p 00000000 00:00 0\n")
    assert call(["import", str(tmp_path / "maps.log")]) == 4
    told = capsys.readouterr().err
    assert "1 line of maps.log: 0 used, 0 of no concern, 1 not read" in told
    assert "it looks like /proc/PID/maps" in told
    (tmp_path / "other.log").write_text("7 munmap(0x7f0000000000, 4096) = 0\n")
    assert call(["import", str(tmp_path / "other.log")]) == 4
    assert "it made none, or was traced without" in capsys.readouterr().err


def test_the_format_of_what_cannot_be_read_again_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input, and a log that another program writes while it is read."""
    line = "12 mremap(274922143744,8192,16384,1,0,0) = 274922217472\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    assert call(["import", "-"]) == 4
    assert "it looks like qemu-user's -strace" in capsys.readouterr().err
    os.mkfifo(tmp_path / "fifo")
    with subprocess.Popen(["sh", "-c", f"printf '%s' '{line}' > {tmp_path / 'fifo'}"]):
        assert call(["import", str(tmp_path / "fifo")]) == 4
    assert "it looks like qemu-user's -strace" in capsys.readouterr().err


GROWING = """
import mmap, os, signal, sys, time
m = mmap.mmap(-1, 8192, flags=mmap.MAP_PRIVATE)  # from 3.14 on no shared one is resized
m.resize(16384)
print("ready", flush=True)
"""


def recording(*command: str, out: Path) -> list[str]:
    return [sys.executable, "-m", "mremapcheck", "record", "-o", str(out), "--", *command]


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(
    ("end", "status"), [("", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", 128 + 9)]
)
def test_the_exit_status_comes_through_and_what_was_recorded_passes(end: str, status: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        recording(sys.executable, "-c", GROWING + end, out=out), capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert done.stdout == "ready\n"
    assert "gave what the program saw" in done.stderr
    assert call(["run", str(out)]) == 0


@pytest.mark.usefixtures("strace")
def test_without_a_folder_the_scenarios_alone_are_standard_output(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mremapcheck", "record", "--", sys.executable, "-c", GROWING],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"{modeline()}\nname: ")
    assert "ready" not in done.stdout
    assert "ready" in done.stderr
    (tmp_path / "stream.yaml").write_text(done.stdout)
    assert not load_paths([tmp_path / "stream.yaml"]).problems


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stubborn", [False, True])
def test_what_was_recorded_is_kept_when_a_signal_ends_the_program(
    number: signal.Signals, stubborn: bool, tmp_path: Path
) -> None:
    """Ctrl-C reaches everybody on the terminal, SIGTERM only us; nobody is left behind."""
    if stubborn and number == signal.SIGINT:
        pytest.skip("a program that ignores Ctrl-C goes on, as it does without us")
    out = tmp_path / "out"
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""
    waiting = GROWING.replace("print", ignoring + "print") + "print(os.getpid(), flush=True)\ntime.sleep(600)"
    with subprocess.Popen(
        recording(sys.executable, "-c", waiting, out=out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        child = int(process.stdout.readline())
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.communicate()
    assert process.returncode == 128 + (signal.SIGKILL if stubborn else number)
    assert list(out.glob("*.yaml"))
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.usefixtures("strace")
def test_the_hint_of_dontunmap_is_recorded(tmp_path: Path) -> None:
    compiler = tool("cc")
    (tmp_path / "hint.c").write_text(HINT)
    subprocess.run([compiler, "-o", tmp_path / "hint", tmp_path / "hint.c"], check=True)
    out = tmp_path / "out"
    assert call(["record", "-o", str(out), "--", str(tmp_path / "hint")]) == 0
    (scenario,) = load_paths([out]).scenarios
    assert scenario.document["moves"][0]["new_address"].startswith("src+")
    assert "does not show new_address" not in scenario.about
    assert call(["run", str(out)]) == 0


HINT = r"""
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	char *memory = mmap(0, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(memory + 8 * 4096, 4096);
	return (char *)syscall(SYS_mremap, memory, 4096, 4096, 5, memory + 8 * 4096) != memory + 8 * 4096;
}
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_ended_before_it_had_begun_was_ended(number: signal.Signals, tmp_path: Path) -> None:
    """A signal that comes while strace starts is no fault of strace's."""
    strace = tmp_path / "strace"
    strace.write_text(f"#!/bin/sh\n[ $1 = --help ] || kill -{int(number)} $$\n")
    strace.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    program = [sys.executable, "-m", "mremapcheck", "record", "--", "true"]
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode in (128 + number, -number), done.stderr
