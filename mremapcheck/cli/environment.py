"""What the program was started with: its standard streams, and what signals do."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from mremapcheck.base.text.terminal import lines


class Terminated(KeyboardInterrupt):
    """A signal that asks the program to end; like Ctrl-C, what there is gets reported first."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


class Interrupted(Exception):  # noqa: N818
    """An interrupt on its way through typer."""

    def __init__(self, interrupt: KeyboardInterrupt) -> None:
        super().__init__(str(interrupt))
        self.interrupt = interrupt


def keep_standard_streams() -> None:
    """Put /dev/null where a standard stream was closed, or a file opened later would become one.

    ``sys.stdin`` and ``sys.stdout`` stay None then, for those who ask; what is said on ``sys.stderr`` is lost.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest one that is free: this one
            os.set_inheritable(fd, True)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


def heed_signals() -> None:
    """Have SIGTERM and SIGHUP end the program as Ctrl-C does, unless whoever started it wants them ignored.

    SIGCHLD is never ignored: that may be inherited, too, and then nobody would learn how a process of ours has ended.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            try:
                signal.signal(number, _end)
            except ValueError:  # called in a thread of somebody else's program
                return


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


def tell(text: str) -> None:
    """Write to standard error; where that cannot be written there is nobody to tell.

    Python would try again at its end what is still to be written, and since 3.14 make it the exit code 120.
    """
    try:
        sys.stderr.write(lines(text))
        sys.stderr.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
