"""Running a program under strace, with the calls traced that change an address space."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.convert.trace.calls import strace_set
from mremapcheck.linux.programs import Family

#: What a terminal sends to the program as well as to us: it decides what becomes of it.
_SHARED = (signal.SIGINT, signal.SIGQUIT)
#: What is sent to us alone: the program gets it from us.
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
#: Seconds that a program has to end after it was asked to; then it is killed.
GRACE = 5.0


def options(strace: str) -> list[str]:
    """Return strace's options, as far as this strace has them.

    ``raw=mremap``: strace shows new_address only with MREMAP_FIXED, the kernel looks at it with MREMAP_DONTUNMAP too.
    ``--seccomp-bpf``: calls that are not traced cost nothing (since 5.3).
    """
    chosen = ["-f", "-y", "-qq", "-s", "128", "-e", "signal=none", "-e", f"trace={strace_set()}", "-e", "raw=mremap"]
    text = subprocess.run([strace, "--help"], capture_output=True, text=True, check=False).stdout
    return ["--seccomp-bpf", *chosen] if "--seccomp-bpf" in text else chosen


def record(command: Sequence[str], log: Path, stdout: int | None = None) -> int:
    """Run a command to its end, write what it called to ``log``, and return how it ended, as ``Popen.returncode``.

    Its input and output are ours, but for ``stdout``. What ends us is left to the program: Ctrl-C reaches it from the
    terminal, SIGTERM and SIGHUP are passed on, and what does not end then within ``GRACE`` seconds is killed.

    Raises MremapcheckError where there is no strace, no such command, or no permission.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise MremapcheckError(
            "strace is not installed: it does the recording",
            "install the package `strace` (apt, dnf, pacman, apk: the same name), or record elsewhere with "
            f"`strace -f -y -o strace.log -e trace='{strace_set()}' COMMAND` and use `mremapcheck import`",
        )
    if shutil.which(command[0]) is None:
        raise MremapcheckError(f"there is no command `{command[0]}`", "give it as you would to a shell, after `--`")
    traced = [strace, *options(strace), "-o", str(log), "--", *command]
    with _signals() as asked, Family(traced, stdout) as tracer:
        status = _wait(tracer, asked)
    if not log.exists() or not log.stat().st_size:
        raise MremapcheckError(
            f"strace recorded nothing (its exit status: {status})",
            "it needs ptrace(2): in a container `--cap-add SYS_PTRACE`, elsewhere kernel.yama.ptrace_scope below 3",
        )
    return status


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Have signals not end us: yields the list of those that were sent to us alone."""
    asked: list[int] = []

    def nothing(number: int, frame: FrameType | None) -> None:
        """Leave it to the program; a handler is not inherited, as ignoring a signal would be."""

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
    with suppress(ValueError):  # in a thread of somebody else's program nothing can be handled
        for number, handler in [*((each, nothing) for each in _SHARED), *((each, remember) for each in _FORWARDED)]:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield asked
    finally:
        for handled, old in before.items():
            signal.signal(handled, old)


def _wait(tracer: Family, asked: list[int]) -> int:
    """Wait for strace to end, passing on what is asked of us; whoever is traced and does not end is killed."""
    left = GRACE
    passed = 0
    while True:
        try:
            return tracer.wait(timeout=0.05 if asked else 0.2)
        except subprocess.TimeoutExpired:
            pass
        for number in asked[passed:]:
            for pid in _traced(tracer.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        passed = len(asked)
        if asked:
            left -= 0.05
            if left <= -GRACE:
                return -signal.SIGKILL  # not even strace ends: whoever leaves its family ends it
            if left <= 0:
                for pid in _traced(tracer.pid):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


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
