"""The live executor: scenarios on the running kernel."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live.plan import CannotRun, Prepared, prepare
from mremapcheck.executors.live.result_decoder import ResultDecoder, step_name, where
from mremapcheck.executors.live.supervisor import Supervisor, WorkerEnded, WorkerUnstartable
from mremapcheck.executors.live.wire import IDLE
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.platforms import HERE, PLATFORMS, machine
from mremapcheck.linux.sandbox import REMEDY, killed
from mremapcheck.linux.uname import build
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario

#: Scenarios that may be on their way at a time: enough that neither side waits for the other.
WINDOW = 128
#: Workers in a row that may end without any answer: each is the end of a scenario, but for a very few.
_PATIENCE = 2 * WINDOW


class LiveExecutor:
    """Runs scenarios on the running kernel, in a worker process of its own.

    ``timeout`` is in seconds, for one scenario. ``fresh``: the worker is a new interpreter; otherwise it is forked from
    this process, which is for guests where starting one takes seconds.
    """

    def __init__(self, *, timeout: float = 10.0, fresh: bool = True) -> None:
        if HERE is None:
            here = f"{machine()} with pages of {PAGE >> 10}K"
            raise ExecutorError(
                f"the live executor knows {', '.join(PLATFORMS)}, and this machine is {here}",
                "models and virtual machines answer on every machine: --kernel 6.17, --kernel vm:6.17",
            )
        self._timeout = timeout
        self._supervisor = Supervisor(timeout, fresh)
        self._start()
        self._platform = HERE
        self._interpreter = ResultDecoder(HERE)
        self._fruitless = 0
        release, version = build()
        parsed = KernelVersion.of_build(release, version)
        self._kernel = Kernel("live", "live", release, parsed, platform=HERE)

    @property
    def kernel(self) -> Kernel:
        """The running kernel."""
        return self._kernel

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Run the scenarios in order, one ``run`` at a time; reads up to ``WINDOW`` of them ahead."""
        queue: deque[Prepared | Execution] = deque()
        source = iter(scenarios)
        more = True
        try:
            while True:
                if more and len(queue) <= WINDOW // 2:
                    more = self._fill(queue, source)
                if not queue:
                    return
                first = queue[0]
                execution = first if isinstance(first, Execution) else self._answer(queue, first)
                if execution is not None:
                    queue.popleft()
                    yield execution
        finally:
            if any(isinstance(left, Prepared) for left in queue):
                self._supervisor.stop()  # nobody wants these answers any more

    def _fill(self, queue: deque[Prepared | Execution], source: Iterator[Scenario]) -> bool:
        plans = []
        for scenario in source:
            try:
                prepared = prepare(scenario, self._platform)
            except CannotRun as error:
                queue.append(Execution("skip", None, str(error)))
            else:
                queue.append(prepared)
                plans.append(prepared.plan.to_wire())
            if len(queue) >= WINDOW:
                break
        else:
            if plans:
                self._send(plans)
            return False
        if plans:
            self._send(plans)
        return True

    def _start(self) -> None:
        try:
            self._supervisor.start()
        except WorkerUnstartable as unstartable:
            raise _cannot_work(unstartable.message, unstartable.hint) from None

    def _send(self, plans: list[tuple[object, ...]]) -> None:
        try:
            self._supervisor.send(plans)
        except WorkerUnstartable as unstartable:
            raise _cannot_work(unstartable.message, unstartable.hint) from None

    def _answer(self, queue: deque[Prepared | Execution], prepared: Prepared) -> Execution | None:
        """Return what came of the first scenario of the queue; None where the queue says it now."""
        try:
            observation = self._supervisor.receive()
        except WorkerUnstartable as unstartable:
            raise _cannot_work(unstartable.message, unstartable.hint) from None
        except WorkerEnded as ended:
            self._ask_again(queue, ended)
            return None
        self._fruitless = 0
        if len(observation) == 2:
            word, text = observation
            if word == "unusable":
                message, _, hint = text.partition("\n")
                raise _cannot_work(message, hint)
            return Execution("error", None, f"the worker failed: {text}")
        return self._interpreter.execution(prepared, observation)

    def _ask_again(self, queue: deque[Prepared | Execution], ended: WorkerEnded) -> None:
        """Blame the scenario that the worker ended in, and give the others to the next worker."""
        self._fruitless += 1
        if ended.step == IDLE and ended.signal == signal.SIGSYS:
            raise _cannot_work("a process is killed (SIGSYS) for a system call that every scenario needs", REMEDY)
        if self._fruitless > _PATIENCE:
            raise ExecutorError("the live executor's workers end as soon as they start", f"wait status {ended.status}")
        waiting = [index for index, left in enumerate(queue) if isinstance(left, Prepared)]
        if not ended.spent:
            guilty = waiting.pop(min(ended.lost, len(waiting) - 1))
            prepared = queue[guilty]
            assert isinstance(prepared, Prepared)
            queue[guilty] = blame(prepared, ended, self._timeout)
        if waiting:
            self._send([left.plan.to_wire() for left in queue if isinstance(left, Prepared)])

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
        return _error(f"the worker was killed by {signal.Signals(ended.signal).name} in {place}")
    return _error(f"the worker ended with status {os.WEXITSTATUS(ended.status)} in {place}")


def _error(reason: str) -> Execution:
    return Execution("error", None, reason)


def _cannot_work(message: str, hint: str) -> ExecutorError:
    return ExecutorError(f"the live executor cannot work here: {message}", hint)
