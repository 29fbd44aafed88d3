"""Programs that are started: none outlives this process, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from mremapcheck.linux import lifeline
from mremapcheck.linux.numbers import PR_SET_CHILD_SUBREAPER, SYS_PRCTL
from mremapcheck.linux.syscalls import call


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a program as ``subprocess.Popen`` does, in a session of its own: out of reach of the terminal's Ctrl-C.

    Whoever starts it ends it, or it is killed with this process. Raises OSError.
    """
    return _starter(os.getpid()).submit(_start, command, options).result()


@lru_cache(maxsize=1)
def _starter(process: int) -> ThreadPoolExecutor:
    """Return the thread that starts everything: a program dies with the *thread* that started it."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"starter-{process}")


def _start(command: Sequence[str], options: dict[str, Any]) -> subprocess.Popen[Any]:
    parent = os.getpid()
    return subprocess.Popen(command, start_new_session=True, preexec_fn=lambda: lifeline.die_with(parent), **options)


def run_family(command: list[str]) -> int:
    """Run a program, whose path is given, to its end and return its exit code; its input, output and Ctrl-C are ours.

    Where this is interrupted, or this process killed, the program ends and everything that it has started.
    """
    keeper = lifeline.fork(lambda: _keep(command), signal.SIGTERM)
    try:
        _, status = os.waitpid(keeper, 0)
    except BaseException:
        os.kill(keeper, signal.SIGTERM)
        os.waitpid(keeper, 0)
        raise
    return os.waitstatus_to_exitcode(status)


def _keep(command: list[str]) -> None:
    """Wait for a program, or for SIGTERM: then end it and all that come from it. Does not return."""
    call(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whom its parent leaves behind becomes a child of ours
    awaited = {signal.SIGCHLD, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    program = os.posix_spawn(command[0], command, os.environ, setsigmask=[], setsigdef=lifeline.TO_GROUPS)
    while signal.sigwait(awaited) == signal.SIGCHLD:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == program:
                    os._exit(_code(ended[1]))
    with suppress(ChildProcessError):
        while True:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            os.waitpid(-1, 0)
    os._exit(1)


def _code(status: int) -> int:
    """Return an exit code for a wait status, as a shell has it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
