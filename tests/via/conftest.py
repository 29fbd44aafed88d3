from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.outcome.outcome import Execution
from tests.remote.cases import scenarios

ROOT = Path(__file__).parent.parent.parent
#: This interpreter, as a command.
PYTHON = shlex.quote(sys.executable)


CASES = scenarios("AA", "A.", ".B", "AB", "A")


def fake(way: str, *more: str) -> str:
    """Return a command that runs ``fake_python.py``."""
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {_RUN}", way, *more]
    return shlex.join(words)


_RUN = (
    "from mremapcheck.executors.via.script import FLAGS; from tests.via import fake_python; "
    "sys.argv = [word for word in sys.argv if word != FLAGS]; fake_python.main()"
)


@pytest.fixture(scope="session")
def usual() -> Iterator[list[Execution]]:
    """Return what the live executor makes of the cases."""
    with LiveExecutor() as live:
        yield list(live.run(CASES))
