"""Stands in for the Python behind a command, and fails in one of the ways of other people's machines.

``conftest.fake`` makes the command.
"""

from __future__ import annotations

import json
import marshal
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from mremapcheck.executors.remote import frames

GREETING: dict[str, Any] = {
    "system": "Linux",
    "release": "6.17.13",
    "version": "#1 SMP",
    "machine": "x86_64",
    "page_size": 4096,
    "bits": 64,
    "user_end": (1 << 47) - 4096,
    "python": "3.12.1",
    "interactive": True,
}


def say(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def hear_plans() -> None:
    """Read until there is something behind the script, or the input has ended."""
    data = b""
    while more := os.read(0, 1 << 16):
        data += more
        if frames.MAGIC in data:
            return


def counted(name: str) -> int:
    """Return how often this was asked before."""
    path = Path(name)
    count = int(path.read_text()) if path.exists() else 0
    path.write_text(str(count + 1))
    return count


def main() -> None:
    way, *more = sys.argv[1:]
    if way == "old":
        sys.version_info = (3, 8, 10)  # type: ignore[assignment]
        exec(sys.stdin.read(), {"__name__": "__main__"})
    elif way == "greet":
        greeting = {**GREETING, **json.loads(more[0])}
        say(frames.Encoder().encode(frames.GREETING, marshal.dumps(greeting)))
    elif way == "another":
        release = f"6.17.{counted(more[0])}"
        say(frames.Encoder().encode(frames.GREETING, marshal.dumps({**GREETING, "release": release})))
        time.sleep(1000)
    else:
        _fail_later(way)


def _fail_later(way: str) -> None:
    """Greet, and fail as soon as there are plans; the first time somebody only wants to be greeted."""
    encoder = frames.Encoder()
    say(encoder.encode(frames.GREETING, marshal.dumps(GREETING)))
    hear_plans()
    if way == "hang":
        time.sleep(1000)
    elif way == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif way == "lost":
        print("Connection to lab1 closed by remote host.", file=sys.stderr)
        sys.exit(255)
    elif way == "noise":
        say(b"Broadcast message from root@lab1: the system goes down\n" * 10)
    elif way == "endless":
        for _ in range(20_000):
            say(encoder.encode(frames.GREETING, marshal.dumps(GREETING)))
    elif way == "nonsense":
        say(encoder.encode(frames.RESULTS, marshal.dumps(([(0, marshal.dumps((1, 2, 3)))], []))))
    elif way == "log":
        say(encoder.encode(frames.FAILED, marshal.dumps(("it broke",))))
    time.sleep(1000)
