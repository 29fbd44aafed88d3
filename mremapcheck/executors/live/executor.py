"""The live executor: scenarios on the running kernel."""

from __future__ import annotations

import os
import signal

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live.plan import Prepared
from mremapcheck.executors.live.result_decoder import step_name, where
from mremapcheck.executors.live.supervisor import Supervisor, WorkerEnded, unusable
from mremapcheck.executors.live.window import Queue, Task, WindowedExecutor, waiting
from mremapcheck.executors.live.wire import IDLE
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.platforms import HERE, PLATFORMS, machine
from mremapcheck.linux.sandbox import REMEDY, killed
from mremapcheck.linux.uname import build
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution

#: Scenarios that may be on their way at a time: enough that neither side waits for the other.
WINDOW = 128
#: Workers in a row that may end without any answer: each is the end of a scenario, but for a very few.
_PATIENCE = 2 * WINDOW


class LiveExecutor(WindowedExecutor):
    """Runs scenarios on the running kernel, in a worker process of its own.

    ``timeout`` is in seconds, for one scenario. ``fresh``: the worker is a new interpreter; otherwise it is forked from
    this process, which is for guests where starting one takes seconds.
    """

    window, refill = WINDOW, WINDOW // 2

    def __init__(self, *, timeout: float = 10.0, fresh: bool = True) -> None:
        if HERE is None:
            here = f"{machine()} with pages of {PAGE >> 10}K"
            raise ExecutorError(
                f"the live executor knows {', '.join(PLATFORMS)}, and this machine is {here}",
                "models and virtual machines answer on every machine: --kernel 6.17, --kernel vm:6.17",
            )
        super().__init__(HERE)
        self._timeout = timeout
        self._supervisor = Supervisor(timeout, fresh)
        self._supervisor.start()
        self._fruitless = 0
        release, version = build()
        parsed = KernelVersion.of_build(release, version)
        self._kernel = Kernel("live", "live", release, parsed, platform=HERE)

    @property
    def kernel(self) -> Kernel:
        """The running kernel."""
        return self._kernel

    def _send(self, tasks: list[Task]) -> None:
        self._supervisor.send([task.prepared.plan.to_wire() for task in tasks])

    def _answer(self, queue: Queue, first: Task) -> Execution | None:
        try:
            observation = self._supervisor.receive()
        except WorkerEnded as ended:
            self._ask_again(queue, ended)
            return None
        self._fruitless = 0
        return self._read(first.prepared, observation)

    def _ask_again(self, queue: Queue, ended: WorkerEnded) -> None:
        """Blame the scenario that the worker ended in, and give the others to the next worker."""
        self._fruitless += 1
        if ended.step == IDLE and ended.signal == signal.SIGSYS:
            raise self._unusable("a process is killed (SIGSYS) for a system call that every scenario needs", REMEDY)
        if self._fruitless > _PATIENCE:
            raise ExecutorError("the live executor's workers end as soon as they start", f"wait status {ended.status}")
        tasks = waiting(queue)
        if not ended.spent:
            guilty = tasks.pop(min(ended.lost, len(tasks) - 1))
            queue[queue.index(guilty)] = blame(guilty.prepared, ended, self._timeout)
        if tasks:
            self._send(tasks)

    def _unusable(self, message: str, hint: str) -> ExecutorError:
        return unusable(message, hint)

    def _give_up(self) -> None:
        self._supervisor.stop()

    def __enter__(self) -> LiveExecutor:
        return self

    def __exit__(self, *exc: object) -> None:
        self._supervisor.stop()


def blame(prepared: Prepared, ended: WorkerEnded, timeout: float) -> Execution:
    """Return what becomes of a scenario that its worker has ended in; ``timeout`` in seconds.

    Whom a system call filter kills has not asked the kernel: that is a skip.
    """
    if ended.status is None:
        return _error(f"no answer within {timeout:g} s, and the worker does not end: it hangs in the kernel")
    step = prepared.origins[ended.step] if ended.step < len(prepared.origins) else "the end"
    place = f"{where(prepared, step)}: {step_name(step)}" if not isinstance(step, str) else step
    if ended.signal == signal.SIGSYS:
        return Execution("skip", None, killed(step_name(step)))
    if ended.signal == signal.SIGALRM:
        return _error(f"no result within {timeout:g} s, in {place}")
    if ended.signal:
        by_kernel = "; does memory run out here (memory.max)?" if ended.signal == signal.SIGKILL else ""
        return _error(f"the worker was killed by {signal.Signals(ended.signal).name} in {place}{by_kernel}")
    return _error(f"the worker ended with status {os.WEXITSTATUS(ended.status)} in {place}")


def _error(reason: str) -> Execution:
    return Execution("error", None, reason)
