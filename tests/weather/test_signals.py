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

from tests.tools import tool
from tests.weather.signals import PATIENCE, ROOT, SIGNALS, Case, descendants, judge, left, send, words

#: Each needs a while on its own, and each works by other processes.
COMMANDS = [
    "run --format json",
    "run --jobs 2 --format json",
    "compare --kernel 6.16 live --jobs 2 --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --format json",
    "record -- {python} -c '{traced}'",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_nothing_answers(command: str, number: signal.Signals, tmp_path: Path) -> None:
    if command.startswith("record"):
        tool("strace")
    (tmp_path / "tmp").mkdir()
    mark = f"WEATHER={os.getpid()}-{tmp_path}"
    name, _, value = mark.partition("=")
    with subprocess.Popen(
        [sys.executable, "-m", "mremapcheck", *words(command, tmp_path)],
        cwd=ROOT,
        env={**os.environ, name: value, "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            stop_all_but(process.pid, mark)
            send(process, number)
            out, errors = process.communicate(timeout=2 * PATIENCE)
        finally:
            process.kill()
    wrong = judge(Case(command, number, 0), process.returncode, out, errors) + left(mark, tmp_path)
    assert not wrong


def stop_all_but(pid: int, mark: str) -> None:
    """Wait until a process has others work for it, and stop all of those, however often new ones come."""
    deadline = time.monotonic() + PATIENCE
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        others = {int(line.partition(":")[0]) for line in descendants(mark)} - {pid}
        for other in others - stopped:
            with suppress(ProcessLookupError):
                os.kill(other, signal.SIGSTOP)
        if len(others) >= 2 and others <= stopped:
            return
        stopped |= others
    raise AssertionError("it starts nobody")
