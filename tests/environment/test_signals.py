"""A signal while everything that a command has started stands still: it ends, says so, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.environment.signals import ROOT, SIGNALS, Case, descendants, judge, left, send, words
from tests.tools import tool
from tests.waiting import PATIENCE

#: Each needs a while on its own; how many processes it has at work then, at least.
COMMANDS = {
    "run --format json": 2,
    "run --jobs 2 --format json": 4,
    "compare --kernel 6.16 live --jobs 2 --format json": 4,
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --format json": 4,
    "record -- {python} -c '{traced}'": 4,
}


#: What Ctrl-C does is for a recorded program to say, which cannot say anything here.
CASES = [(command, number) for command in COMMANDS for number in SIGNALS if (command[:6], number) != ("record", 2)]


@pytest.mark.parametrize(("command", "number"), CASES)
def test_a_signal_while_nothing_answers(command: str, number: signal.Signals, tmp_path: Path) -> None:
    if command.startswith("record"):
        tool("strace")
    (tmp_path / "tmp").mkdir()
    mark = f"WEATHER={os.getpid()}-{tmp_path}"
    name, _, value = mark.partition("=")
    out, errors = tmp_path / "out.txt", tmp_path / "errors.txt"
    with out.open("w") as stdout, errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "mremapcheck", *words(command, tmp_path)],
            cwd=ROOT,
            env={**os.environ, name: value, "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        stop_others(process.pid, mark, COMMANDS[command])
        send(process, number)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        signal_all(mark, signal.SIGCONT)  # who was just starting has not asked yet to die with its parent
    wrong = judge(Case(command, number, 0), process.returncode, out.read_text(), errors.read_text())
    wrong += left(mark, tmp_path, number == signal.SIGKILL)
    signal_all(mark, signal.SIGKILL)
    assert not wrong


def signal_all(mark: str, number: signal.Signals) -> None:
    for line in descendants(mark):
        with suppress(ProcessLookupError):
            os.kill(int(line.partition(":")[0]), number)


def stop_others(pid: int, mark: str, least: int) -> None:
    """Wait until a process has at least so many others work for it, and stop them all.

    Not while one waits for a child to become another program (vfork): it cannot hear a signal then.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        others = {int(line.partition(":")[0]) for line in descendants(mark)} - {pid}
        if len(others) >= least and all(state(one) in ("S", "R") for one in (pid, *others)):
            for other in others:
                with suppress(ProcessLookupError):
                    os.kill(other, signal.SIGSTOP)
            if all(state(one) != "D" for one in (pid, *others)):
                return
            signal_all(mark, signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("it starts nobody")


def state(pid: int) -> str:
    """Return a process's state as /proc has it, "" where it has gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
