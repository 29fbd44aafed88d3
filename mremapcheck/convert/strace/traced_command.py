"""Running a program under strace, with the calls traced that change an address space."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from mremapcheck.base.errors import ExecutorError, MremapcheckError
from mremapcheck.convert.strace.calls import strace_set
from mremapcheck.linux.programs import ProcessTree

#: What a terminal sends to the program as well as to us: it decides what becomes of it.
_SHARED = (signal.SIGINT, signal.SIGQUIT)
#: What is sent to us alone: the program gets it from us.
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
#: Seconds that a program has to end after it was asked to; then it is killed.
GRACE = 5.0
#: Seconds after which it is looked whether there are signals to be passed on, or more lines.
_PAUSE = 0.05
#: Bytes of the log that are read at a time.
_CHUNK = 1 << 16

Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


def options(strace: str) -> list[str]:
    """Return strace's options, as far as this strace has them.

    ``raw=mremap``: strace shows new_address only with MREMAP_FIXED, the kernel looks at it with MREMAP_DONTUNMAP too.
    ``--seccomp-bpf``: calls that are not traced cost nothing (since 5.3).
    """
    chosen = ["-f", "-y", "-q", "-s", "128", "-e", "signal=none", "-e", f"trace={strace_set()}", "-e", "raw=mremap"]
    text = subprocess.run([strace, "--help"], capture_output=True, text=True, check=False).stdout
    return ["--seccomp-bpf", *chosen] if "--seccomp-bpf" in text else chosen


class TracedCommand:
    """A command under strace, from ``with`` on; ``lines`` is what it calls.

    Its input and output are ours, but for ``stdout``. What ends us is left to the program: Ctrl-C reaches it from the
    terminal, SIGTERM and SIGHUP are passed on, and what does not end then within ``GRACE`` seconds is killed.

    Raises MremapcheckError where there is no strace, no such command, or no permission, ExecutorError where no process.
    """

    def __init__(self, command: Sequence[str], log: Path, stdout: int | None = None) -> None:
        self._command = command
        self._log = log
        self._stdout = stdout
        self._asked: list[int] = []
        self._passed = 0
        self._deadline = 0.0

    def __enter__(self) -> TracedCommand:
        strace = shutil.which("strace")
        if strace is None:
            raise MremapcheckError(
                "strace is not installed: it does the recording",
                "install the package `strace` (apt, dnf, pacman, apk: the same name), or record elsewhere with "
                "`strace -f -y -e raw=mremap -o strace.log COMMAND` and use `mremapcheck import`",
            )
        if shutil.which(self._command[0]) is None:
            raise MremapcheckError(
                f"there is no command `{self._command[0]}`", "give it as you would to a shell, after `--`"
            )
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.write_bytes(b"")
        except OSError as error:
            raise MremapcheckError(f"{self._log} cannot be written: {error.strerror}") from None
        self._before = _handle_signals(self._asked)
        try:
            traced = [strace, *options(strace), "-o", str(self._log), "--", *self._command]
            self._tracer = ProcessTree(traced, self._stdout)
        except OSError as error:
            self._restore_signals()
            raise ExecutorError(
                f"{strace} cannot be started: {error.strerror or error}",
                "it needs processes: raise RLIMIT_NPROC (ulimit -H -u), or the limit of the container (pids.max)",
            ) from None
        return self

    def __exit__(self, *exc: object) -> None:
        self._tracer.end()
        self._restore_signals()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the log as they come, until the program has ended; pass signals on.

        From its end on (``status`` is not None) signals do again what they did before.
        """
        empty, rest = True, b""
        with self._log.open("rb") as file:
            while True:
                ended = self.status is not None  # asked before the log is read: nothing comes later
                if ended:
                    self._restore_signals()
                else:
                    self._pass_on()
                if data := file.read(_CHUNK):
                    *whole, rest = (rest + data).split(b"\n")
                    empty = False
                    for line in whole:
                        yield line.decode("utf-8", "replace")
                elif ended:
                    break
                else:
                    self._tracer.poll(_PAUSE)
        if empty:
            ended_by = self._asked[0] if self._asked else -(self.status or 0)
            if ended_by in (signal.SIGINT, *_FORWARDED):
                signal.raise_signal(ended_by)  # the program had not begun
            raise MremapcheckError(
                f"strace recorded nothing (its exit status: {self.status})",
                "it needs ptrace(2): in a container `--cap-add SYS_PTRACE`, elsewhere kernel.yama.ptrace_scope below 3",
            )
        if rest:
            yield rest.decode("utf-8", "replace")

    @property
    def status(self) -> int | None:
        """How the program has ended, as ``Popen.returncode`` tells it; None while it runs."""
        return self._tracer.poll()

    def _restore_signals(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _pass_on(self) -> None:
        """Pass signals on that were sent to us alone; whoever is traced and does not end then is killed."""
        for number in self._asked[self._passed :]:
            self._deadline = self._deadline or time.monotonic() + GRACE
            for pid in _traced(self._tracer.pid):
                _kill(pid, number)
        self._passed = len(self._asked)
        if self._deadline and time.monotonic() > self._deadline + GRACE:
            self._tracer.end()  # not even strace ends
        elif self._deadline and time.monotonic() > self._deadline:
            for pid in _traced(self._tracer.pid):
                _kill(pid, signal.SIGKILL)


def _handle_signals(asked: list[int]) -> dict[int, Handler]:
    """Have signals not end us; those that are sent to us alone are put into ``asked``. Returns what was before."""

    def nothing(number: int, frame: FrameType | None) -> None:
        """Leave it to the program; a handler is not inherited, as ignoring a signal would be."""

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before: dict[int, Handler] = {}
    with suppress(ValueError):  # in a thread of somebody else's program nothing can be handled
        for number, handler in [*((each, nothing) for each in _SHARED), *((each, remember) for each in _FORWARDED)]:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    return before


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _traced(tracer: int) -> list[int]:
    """Return the processes that a tracer traces."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            if f"\nTracerPid:\t{tracer}\n" in (folder / "status").read_text(errors="replace"):
                found.append(int(folder.name))
    return found
