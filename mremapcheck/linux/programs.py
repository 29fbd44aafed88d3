"""Programs that are started: none outlives this process, whatever ends it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import mremapcheck
from mremapcheck.linux import parent_death
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
    return subprocess.Popen(
        command, start_new_session=True, preexec_fn=lambda: parent_death.die_with(parent), **options
    )


class ProcessTree:
    """A program with all that comes from it; its input, output and Ctrl-C are ours, but for ``stdout``.

    ``streams``: its own standard input, output and error, and a session of its own, out of reach of the terminal;
    nothing of this process is forked then, which may have threads and descriptors that others wait for.

    Where this is left before the program has ended, or this process killed, it ends and all that it has started. The
    path of the program is given. Raises OSError.
    """

    def __init__(
        self, command: list[str], stdout: int | None = None, streams: tuple[int, int, int] | None = None
    ) -> None:
        self._status: int | None = None
        self._told, tells = os.pipe()
        try:
            if streams is None:
                self._keeper = parent_death.fork(lambda: _keep(command, stdout, tells), signal.SIGTERM)
            else:
                self._keeper = _spawn_keeper(command, streams, tells)
        finally:
            os.close(tells)
        started = self._hear()
        if started is None:
            raise OSError(f"{command[0]} does not start")
        #: The program's process number.
        self.pid = started

    def poll(self, timeout: float = 0) -> int | None:
        """Return how the program ended, as ``Popen.poll`` does; None while it runs, looked at for so many seconds."""
        return self._ended(timeout)

    def wait(self, timeout: float) -> int:
        """Return how the program ended; raise TimeoutExpired after so many seconds."""
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("", timeout)
        return status

    def _ended(self, timeout: float) -> int | None:
        if self._status is None:
            poll = select.poll()
            poll.register(self._told, select.POLLIN)
            if poll.poll(timeout * 1000):
                status = self._hear()
                self._status = os.waitstatus_to_exitcode(signal.SIGKILL if status is None else status)
        return self._status

    def _hear(self) -> int | None:
        data = os.read(self._told, _NUMBER)
        return int.from_bytes(data, "little") if data else None

    def ask_to_end(self, timeout: float) -> None:
        """Send the program SIGTERM, and all that it has started in its session; wait so many seconds at most."""
        if self.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGTERM)
            self.poll(timeout)

    def end(self) -> None:
        """End all of it; nothing to do where that was done."""
        if self._keeper:
            self.poll()
            if self._status is None:
                self._status = -signal.SIGKILL
            for number in (signal.SIGUSR1, signal.SIGCONT):
                os.kill(self._keeper, number)
            os.waitpid(self._keeper, 0)
            os.close(self._told)
            self._keeper = 0

    def __enter__(self) -> ProcessTree:
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()


#: Bytes of a number that a keeper tells.
_NUMBER = 8
_START = "import sys; sys.path.insert(0, sys.argv[1]); from mremapcheck.linux.programs import main; main()"
#: The descriptor that a keeper of a new interpreter tells through.
_TELLS = 3


def _spawn_keeper(command: list[str], streams: tuple[int, int, int], tells: int) -> int:
    """Start a keeper in a new interpreter, which has the program's streams for its own until it has started it."""
    told = (str(Path(mremapcheck.__file__).parent.parent), str(os.getpid()))
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", _START, *told, *command],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, ours, theirs) for theirs, ours in enumerate((*streams, tells))],
        setsigmask=parent_death.TO_GROUPS,
    )


def main() -> None:
    """Run as ``python -c`` for a ``ProcessTree`` with streams: where this package lies, who started it, the command."""
    parent_death.die_with(int(sys.argv[2]), signal.SIGTERM)
    os.set_inheritable(_TELLS, False)
    _keep(sys.argv[3:], None, _TELLS, apart=True)


def _keep(command: list[str], stdout: int | None, tells: int, apart: bool = False) -> None:
    """Start a program, tell its number and then its wait status; end all that come from it when it is time."""
    call(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whom its parent leaves behind becomes a child of ours
    parent = os.getppid()
    awaited = {signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    actions = [] if stdout is None else [(os.POSIX_SPAWN_DUP2, stdout, 1)]
    program = os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsigmask=[], setsid=apart)
    if apart:
        os.closerange(0, _TELLS)  # only the program has them now, so whoever reads sees when it has gone
    _tell(tells, program)
    while (number := signal.sigwait(awaited)) != signal.SIGUSR1:
        if number == signal.SIGTERM and os.getppid() != parent:
            break  # else it was sent to all of a group
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == program:
                    _tell(tells, ended[1])
    with suppress(ChildProcessError):
        while True:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            os.waitpid(-1, 0)


def _tell(tells: int, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody is there to hear it any more
        os.write(tells, number.to_bytes(_NUMBER, "little"))
