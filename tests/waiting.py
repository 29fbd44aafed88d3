"""Waiting for what another process does: as long as it takes, for how fast a machine is is nobody's fault."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")

#: Seconds after which it is a bug and not a slow machine.
PATIENCE = 600.0


def until(condition: Callable[[], Found], what: str) -> Found:
    """Return what ``condition`` returns as soon as that is true; fail with ``what`` if it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)
    return found


def runs(pid: int) -> bool:
    """Tell whether a process is there and has not ended; one that nobody waits for has no program any more."""
    return Path(f"/proc/{pid}/exe").exists()


def catches(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (number - 1) & 1)
