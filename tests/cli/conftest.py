from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mremapcheck.cli.main import call

#: One mapping and a hole behind it: EFAULT up to 6.16, moved from 6.17 on.
GAP = """\
name: gap
summary: A mapping with a hole behind it
map: {src: "AA.", dst: "..."}
moves:
  - {old_address: src, old_size: 3p, new_address: dst, flags: MAYMOVE|FIXED}
expect:
  - {kernel: "<6.17-rc1", errno: EFAULT, verdict: refused}
  - {kernel: ">=6.17-rc1", verdict: moved, src: "...", dst: "AA."}
"""
#: Moved on every kernel.
PLAIN = """\
name: plain
summary: Always moved
map: {src: "A", dst: "."}
moves:
  - {old_address: src, old_size: 1p, new_address: dst, flags: MAYMOVE|FIXED}
"""
EXPECTED = PLAIN.replace("plain", "expected") + "expect:\n  - {verdict: moved}\n"
WRONG = PLAIN.replace("plain", "wrong") + "expect:\n  - {errno: EPERM}\n"
SEALED = PLAIN.replace("plain", "sealed") + "vmas:\n  A: {seal: true}\n"
#: mprotect of a hole fails on every kernel.
BROKEN = PLAIN.replace("plain", "broken").replace(
    "moves:\n", "moves:\n  - {op: mprotect, address: dst, size: 1p, prot: r}\n"
)
#: Does not load.
BAD = PLAIN.replace("plain", "bad").replace("1p", "1")


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Program = Callable[..., Answer]


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str]) -> Program:
    """The program, called in this process."""

    def run(*args: str | Path) -> Answer:
        capfd.readouterr()
        code = call([str(arg) for arg in args])
        return Answer(code, *capfd.readouterr())

    return run


@pytest.fixture
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A shell line in which ``$M`` is the program."""

    def run(line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = f"{sys.executable} -m mremapcheck"
        return subprocess.run(
            ["bash", "-c", line.replace("$M", command)],
            env={**os.environ, **environ},
            text=True,
            capture_output=True,
            check=False,
        )

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write documents, one file each, and return their folder."""

    def run(*documents: str) -> Path:
        for number, document in enumerate(documents):
            (tmp_path / f"{number}.yaml").write_text(document)
        return tmp_path

    return run
