"""Processes that end with the one that started them, whatever ends it: the kernel kills them, so nothing stays behind.

The kernel watches the *thread* that started a process (prctl(2), PR_SET_PDEATHSIG): start processes from one that lives
as long as they shall.
"""

from __future__ import annotations

import os
import signal

from mremapcheck.linux.numbers import PR_SET_PDEATHSIG, SYS_PRCTL
from mremapcheck.linux.syscalls import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: What a terminal, a shell or a service manager may send to a whole group of processes.
TO_GROUPS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Have this process get a signal when ``parent``, its parent's process number, ends; end at once where it has."""
    call(SYS_PRCTL, PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def fork(do: Callable[[], None], number: int = signal.SIGKILL) -> int:
    """Fork a child that does ``do`` and ends; return its process number. Raises OSError.

    It gets the signal ``number`` when this process ends.

    ``TO_GROUPS`` are blocked in it: this process hears them, and ends it. They are before the child is there, so that
    no handler of this process ever runs in it.
    """
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TO_GROUPS)
    try:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                die_with(parent, number)
                do()
                status = 0
            finally:
                os._exit(status)
        return child
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
