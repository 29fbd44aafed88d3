"""The processes behind the live executor: a keeper, and the worker that it forks again whenever the last one ended.

The worker carries out one plan after the other in its own address space. The keeper does nothing but wait for it: it
says how a worker ended and in which step, and starts the next one. Neither reads scenarios or prints anything.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import signal
import sys

from mremapcheck.live.constants import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, SYS_PRCTL
from mremapcheck.live.runner import Runner
from mremapcheck.live.syscalls import call, prepare_heap
from mremapcheck.live.wire import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

#: How a worker ends: the tool hung up; it cannot be used again; it is broken.
HUNG_UP, SPENT, BROKEN = 0, 3, 4
_HEADER = 4


def keep_workers(control: socket.socket, timeout: float) -> None:
    """Keep one worker alive until the other end hangs up or SIGTERM comes; does not return.

    ``control`` keeps messages apart (SOCK_SEQPACKET). Sends ``("worker", pid)`` with the worker's own socket, and
    ``("ended", wait status, step)`` when the worker has gone.
    """
    import socket

    call(SYS_PRCTL, PR_SET_PDEATHSIG, signal.SIGTERM)
    call(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prepare_heap()
    gc.disable()
    gc.freeze()
    shared = mmap.mmap(-1, mmap.PAGESIZE)
    step = memoryview(shared).cast("Q")
    keeper = _Keeper()
    status = BROKEN
    try:
        while not keeper.stopped:
            step[0] = 0
            ours, theirs = socket.socketpair()
            keeper.worker = os.fork()
            if keeper.worker == 0:
                ours.close()
                control.close()
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                status = work(theirs.fileno(), step, timeout)
                return
            theirs.close()
            socket.send_fds(control, [marshal.dumps(("worker", keeper.worker))], [ours.fileno()])
            ours.close()
            ended = keeper.wait()
            control.send(marshal.dumps(("ended", ended, step[0])))
            if ended == HUNG_UP:
                break
        status = HUNG_UP
    except OSError:
        status = HUNG_UP  # the tool has gone
    finally:
        os._exit(status)


class _Keeper:
    """What a signal must know."""

    def __init__(self) -> None:
        self.worker = 0
        self.stopped = False
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, number: int, frame: object) -> None:
        self.stopped = True
        if self.worker > 0:
            os.kill(self.worker, signal.SIGKILL)

    def wait(self) -> int:
        """Return the wait status of the worker; its orphans are reaped on the way."""
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == self.worker:
                self.worker = 0
                return status


def work(fd: int, step: memoryview[int], timeout: float) -> int:
    """Answer plans from a socket until it ends or something is left behind; return the exit status.

    ``step[0]`` is always the number of the step being done; SIGALRM ends a plan that takes longer than ``timeout`` s.
    """
    call(SYS_PRCTL, PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        runner = Runner(step, timeout)
    except OSError as error:
        send(fd, ("unusable", str(error)))
        return BROKEN
    try:
        while plans := _receive(fd):
            for plan in plans:
                signal.setitimer(signal.ITIMER_REAL, timeout)
                sighting, clean = runner.run(Plan(*plan))
                signal.setitimer(signal.ITIMER_REAL, 0)
                send(fd, sighting)
                if not clean:
                    return SPENT
            gc.collect()
    except BrokenPipeError:
        return HUNG_UP
    except Exception:
        import traceback

        send(fd, ("broken", traceback.format_exc()))
        return BROKEN
    return HUNG_UP


def send(fd: int, message: Any) -> None:
    """Write a message with its length before it."""
    data = marshal.dumps(message)
    data = len(data).to_bytes(_HEADER, "little") + data
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def _receive(fd: int) -> list[tuple[Any, ...]]:
    header = _read(fd, _HEADER)
    if not header:
        return []
    plans: list[tuple[Any, ...]] = marshal.loads(_read(fd, int.from_bytes(header, "little")))
    return plans


def _read(fd: int, size: int) -> bytes:
    data = os.read(fd, size)
    while 0 < len(data) < size:
        more = os.read(fd, size - len(data))
        if not more:
            return b""
        data += more
    return data


def main() -> None:
    """Run as ``python -c`` by the executor: the arguments are the control socket's descriptor and the timeout."""
    import socket

    keep_workers(socket.socket(fileno=int(sys.argv[2])), float(sys.argv[3]))
