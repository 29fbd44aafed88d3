"""The processes behind the live executor: a keeper, and the worker that it forks again whenever the last one ended.

The worker runs one plan after the other in its own address space. The keeper does nothing but wait for it: it
says how a worker ended and in which step, and starts the next one. Neither reads scenarios or prints anything.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import signal
import sys
import time
from contextlib import suppress

from mremapcheck.executors.live.runner import Runner
from mremapcheck.executors.live.shortage import lacking
from mremapcheck.executors.live.tags import table
from mremapcheck.executors.live.wire import BROKEN, HEADER, HUNG_UP, IDLE, SPENT, Plan
from mremapcheck.linux import parent_death
from mremapcheck.linux.numbers import PR_SET_CHILD_SUBREAPER, SYS_PRCTL
from mremapcheck.linux.sandbox import SandboxRefusal
from mremapcheck.linux.syscalls import call, prepare_heap

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

#: Scenarios after which the garbage collector may look around: it hardly ever finds anything.
_COLLECT = 256


def keep_workers(control: socket.socket, timeout: float) -> None:
    """Keep one worker alive until the other end hangs up; does not return.

    ``control`` keeps messages apart (SOCK_SEQPACKET). Sends ``("worker", pid)`` with the worker's own socket, and
    ``("ended", wait status, step, done)`` when the worker has gone: how many scenarios it had done, and at which step
    of the next one it was. ``("lacking", what, what to do)``: no worker can be started here.
    """
    import socket

    call(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prepare_heap()
    table()
    gc.disable()
    gc.freeze()
    shared = mmap.mmap(-1, mmap.PAGESIZE)
    progress = memoryview(shared).cast("Q")
    status = BROKEN
    try:
        while True:
            progress[0], progress[1] = IDLE, 0
            ours, theirs = socket.socketpair()

            def begin(ours: socket.socket = ours, theirs: socket.socket = theirs) -> None:
                ours.close()
                control.close()
                os._exit(work(theirs.fileno(), progress, timeout))

            worker = parent_death.fork(begin)
            theirs.close()
            socket.send_fds(control, [marshal.dumps(("worker", worker))], [ours.fileno()])
            ours.close()
            ended = _wait(worker)
            control.send(marshal.dumps(("ended", ended, progress[0], progress[1])))
            if ended == HUNG_UP:
                break
        status = HUNG_UP
    except OSError as error:
        status = HUNG_UP  # the tool has gone, or
        if lack := lacking(error):
            with suppress(OSError):
                control.send(marshal.dumps(("lacking", *lack)))
    finally:
        os._exit(status)


def _wait(worker: int) -> int:
    """Return the wait status of the worker; its orphans are reaped on the way."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == worker:
            return status


def work(fd: int, progress: memoryview[int], timeout: float) -> int:
    """Answer plans from a socket until it ends or something is left behind; return the exit status.

    ``progress`` always holds the number of the step being done (``IDLE`` between plans), and how many plans were done
    before this one. SIGALRM ends a plan that takes longer than ``timeout`` seconds.
    """
    answers = _Answers(fd)
    alarm = _Alarm(timeout)
    collected = progress[1]
    try:
        try:
            runner = Runner(progress, timeout)
        except (SandboxRefusal, OSError, MemoryError) as error:
            told = (error.message, error.hint) if isinstance(error, SandboxRefusal) else lacking(error)
            answers.add(("unusable", "\n".join(told or (str(error), ""))))
            answers.flush()
            return BROKEN
        while plans := _receive(fd):
            for plan in plans:
                ready = Plan(*plan)
                if not runner.fits(ready):
                    clean = False
                    break
                now = time.monotonic()
                if answers.due(now) or ready.slow:
                    alarm.stop()
                    answers.flush()
                alarm.start(now)
                observation, clean = runner.run(ready)
                answers.add(observation)
                progress[1] += 1
                progress[0] = IDLE
                if not clean:
                    break
            alarm.stop()
            answers.flush()
            if not clean:
                return SPENT
            if progress[1] - collected >= _COLLECT:
                gc.collect()
                collected = progress[1]
    except BrokenPipeError:
        return HUNG_UP
    except Exception:
        import traceback

        alarm.stop()
        answers.add(("broken", traceback.format_exc()))
        answers.flush()
        return BROKEN
    return HUNG_UP


class _Alarm:
    """SIGALRM ends a scenario that takes longer than ``timeout`` seconds, wherever it hangs.

    Setting it costs more than some of the system calls under test, so it is set anew only now and then.
    """

    _SLACK = 0.05

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._until = 0.0

    def start(self, now: float) -> None:
        if now >= self._until:
            self._set(self._timeout * (1 + self._SLACK))
            self._until = now + self._timeout * self._SLACK

    def stop(self) -> None:
        self._set(0)
        self._until = 0.0

    def _set(self, seconds: float) -> None:
        with suppress(OSError):  # where it is refused, the tool itself gives a worker up
            signal.setitimer(signal.ITIMER_REAL, seconds)


class _Answers:
    """Messages to the tool, each with its length before it; several are sent at a time, because each wakes the tool.

    What was not yet sent when the worker dies is lost, and the tool asks for it again.
    """

    _MOST = 32
    _SECONDS = 0.01

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = bytearray()
        self._count = 0
        self._since = 0.0

    def add(self, message: Any) -> None:
        data = marshal.dumps(message)
        self._data += len(data).to_bytes(HEADER, "little")
        self._data += data
        self._count += 1

    def due(self, now: float) -> bool:
        """Tell whether it is time to send what there is."""
        if self._count == 0:
            self._since = now
        return self._count >= self._MOST or now - self._since > self._SECONDS

    def flush(self) -> None:
        """Send what there is. Asks for no time: a plan may have moved the vdso, which has the clock."""
        while self._data:
            del self._data[: os.write(self._fd, self._data)]
        self._count = 0


def _receive(fd: int) -> list[tuple[Any, ...]]:
    header = _read(fd, HEADER)
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
    """Run as ``python -c`` by the executor: the control socket's descriptor, the timeout, and who has started it."""
    import socket

    parent_death.die_with(int(sys.argv[4]))
    keep_workers(socket.socket(fileno=int(sys.argv[2])), float(sys.argv[3]))
