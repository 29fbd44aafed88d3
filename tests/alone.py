"""A process without threads that runs tests which fork, each in a process forked from this one.

The processes of pytest-xdist have a thread that talks to pytest; a fork copies the locks that it holds. To start a
Python and a pytest for each such test takes longer than most of them.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

#: What is loaded already needs no assert of its own rewritten.
_LOADED = "ignore::pytest.PytestAssertRewriteWarning"


class Alone:
    """Runs one test after the other where no other thread is."""

    def __init__(self, root: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        command = [sys.executable, "-m", "tests.alone"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=root, env=environ, stdin=pipe, stdout=pipe, text=True)

    def run(self, test: str, environ: Mapping[str, str]) -> tuple[int, str]:
        """Return pytest's exit code for a test by its node id, or minus the signal that ended it; and what it said."""
        assert self._process.stdin is not None and self._process.stdout is not None
        kept = {name: value for name, value in environ.items() if not name.startswith("PYTEST_")}
        self._process.stdin.write(json.dumps([test, kept]) + "\n")
        self._process.stdin.flush()
        code, said = json.loads(self._process.stdout.readline())
        return code, said

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _load(test: str) -> None:
    """Load what the module of a test needs; the module itself is pytest's, which rewrites its asserts."""
    importlib.import_module("hypothesis.strategies")
    name = test.partition("::")[0].removesuffix(".py").replace("/", ".")
    importlib.import_module(name)
    del sys.modules[name]
    gc.freeze()


def _attempt(test: str, environ: Mapping[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            said.close()
            os.environ.clear()
            os.environ.update(environ)
            code = pytest.main(["-n0", "-rs", "-p", "no:cacheprovider", "-W", _LOADED, test])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode(errors="replace")


def main() -> None:
    """Serve until the other end hangs up; the tests see neither of the pipes."""
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in orders:
        test, environ = json.loads(line)
        try:
            _load(test)
            answer = _attempt(test, environ)
        except Exception as error:
            answer = (1, f"{test} cannot be run: {error!r}")
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
