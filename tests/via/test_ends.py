"""However it ends, nothing stays behind: no process here, and none on the other side."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mremapcheck.executors.remote.frames import Encoder
from mremapcheck.executors.remote.line import Line
from mremapcheck.executors.remote.server import Server
from tests.via.conftest import PYTHON, ROOT
from tests.waiting import until

#: Carries the same scenarios out for ever, and says so once there was an answer.
FOREVER = """
import itertools, sys
sys.path.insert(0, sys.argv[1])
from mremapcheck.executors.via.executor import ViaExecutor
from tests.via.conftest import CASES
with ViaExecutor(sys.argv[2]) as executor:
    for number, _ in enumerate(executor.run(itertools.cycle(CASES))):
        if number == len(CASES):
            print("begun", flush=True)
"""
#: In the environment of whatever a test starts.
MARK = "MREMAPCHECK_TEST_MARK"
COMMANDS = {
    "python": PYTHON,
    "one way": shlex.join(["sh", "-c", f"{PYTHON}; exit"]),
    "with helpers": shlex.join(["sh", "-c", f'sleep 1000 & {PYTHON} "$@"; exit', "sh"]),
    "through a pipe": shlex.join(["sh", "-c", f'{PYTHON} "$@" | cat', "sh"]),
    "never": "sh -c 'sleep 1000; exit'",
}


def marked(mark: str) -> list[int]:
    """Return the processes that were started with this mark and run."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environ = (folder / "environ").read_bytes()
                alive = (folder / "exe").exists()
            except OSError:
                continue
            if alive and f"{MARK}={mark}".encode() in environ.split(b"\0"):
                found.append(int(folder.name))
    return found


@contextmanager
def busy(command: str, mark: str) -> Iterator[subprocess.Popen[str]]:
    """Start a tool that is busy behind a command, and end it."""
    arguments = [sys.executable, "-c", FOREVER, str(ROOT), command]
    environ = {**os.environ, MARK: mark}
    with subprocess.Popen(arguments, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tool:
        try:
            assert tool.stdout is not None
            if command == COMMANDS["never"]:
                until(lambda: len(marked(mark)) > 3, "the command has started")
            else:
                assert tool.stdout.readline() == "begun\n"
            yield tool
        finally:
            tool.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("way", COMMANDS)
def test_nothing_outlives_the_tool(way: str, number: signal.Signals, tmp_path: Path) -> None:
    mark = str(tmp_path)
    with busy(COMMANDS[way], mark) as tool:
        # One way, every batch has a Python of its own, and between two of them there is none.
        until(lambda: len(marked(mark)) > 2, "the other side runs")
        tool.send_signal(number)
        tool.wait()
        until(lambda: not marked(mark), "all processes have ended")


def test_the_other_side_ends_with_the_connection(tmp_path: Path) -> None:
    """The tool stays, and so does the local end of the command: the other side ends by itself."""
    mark, status = str(tmp_path), tmp_path / "status"
    far = shlex.join(["sh", "-c", f'{PYTHON} "$@"; echo $? > {status}', "sh"])
    command = shlex.join(["sh", "-c", f'{far} "$@" | sh -c "echo \\$\\$ > {tmp_path}/pid; exec cat"', "sh"])
    with busy(command, mark):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        until(lambda: status.exists() and status.read_text() == "0\n", "the Python has ended")


def test_who_is_not_spoken_to_for_long_ends() -> None:
    """A network that has gone may not say so for hours."""
    read, write = os.pipe()
    silent, speaker = os.pipe()
    try:
        Server(Line(silent, write), Encoder(), patience=0.5).serve()
    finally:
        for descriptor in (read, write, silent, speaker):
            os.close(descriptor)
