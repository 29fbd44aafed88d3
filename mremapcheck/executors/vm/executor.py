"""The executor of real kernels: one guest for all scenarios, a new one where that guest dies."""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.progress import Line
from mremapcheck.executors.live import wire
from mremapcheck.executors.live.executor import blame
from mremapcheck.executors.live.plan import CannotRun, Prepared, prepare
from mremapcheck.executors.live.result_decoder import ResultDecoder
from mremapcheck.executors.live.supervisor import WorkerEnded
from mremapcheck.executors.protocol import Kernel
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.messages import read_observation
from mremapcheck.executors.remote.peer import PeerEnded
from mremapcheck.executors.vm.boot import SWITCHED_ON, Booted, Booter
from mremapcheck.executors.vm.guest_image import guest_image
from mremapcheck.executors.vm.images import known
from mremapcheck.executors.vm.kernel_log import is_oops
from mremapcheck.executors.vm.qemu import MEMORY, PROCESSORS
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario

#: Scenarios that may be on their way at a time.
WINDOW = 64
#: Scenarios that the guest runs in one go; where one of them brings trouble, each runs alone to see which it was.
BATCH = 16
#: Seconds beyond a scenario's own time after which a silent guest is given up.
GRACE = 15.0
#: So many guests that die without a single answer are not the scenarios' fault.
_MOST_DEATHS = 8
#: 2 MiB pages that are set aside in the guest.
_HUGE_PAGES = 32
#: vm.max_map_count: the kernel's default; and where a scenario wants nearly all of them used up, which takes a guest
#: seconds for as many, a few more than it has mappings itself.
_MAPS = 65530
_FEW_MAPS = 256


#: What comes of reading an answer that makes no sense.
_NO_SENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, StopIteration)


@dataclass(slots=True)
class _Task:
    """A scenario on its way: its number in the guest, and how many guests died of it or of one of its batch."""

    prepared: Prepared
    number: int = -1
    deaths: int = 0


class _UnclearError(Exception):
    """The kernel complained while several scenarios ran: each has to run alone to see which one made it."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log


class VmExecutor:
    """Runs scenarios on a kernel image, in a virtual machine.

    ``reference`` is what follows ``vm:``; ``timeout`` is in seconds, for one scenario. The guest boots with the first
    scenario and lives until the executor is left.
    """

    def __init__(self, reference: str, *, timeout: float = 30.0) -> None:
        image = known.resolve(reference)
        self._reference = f"vm:{reference}"
        self._timeout = timeout
        self._line = Line(self._reference)
        self._platform = image.platform
        self._booter = Booter(image, guest_image(image.platform))
        accelerator = self._booter.accelerator(self._line)
        self._kernel = Kernel(
            self._reference,
            "vm",
            image.release,
            image.version,
            acceleration=accelerator,
            switched_on=SWITCHED_ON,
            platform=image.platform,
        )
        self._interpreter = ResultDecoder(image.platform)
        self._guest: Booted | None = None
        self._numbers = 0
        self._deaths = 0
        #: Answers of the guest that are not asked for yet: number -> kind, what it is, what the kernel said.
        self._answers: dict[int, tuple[int, Any, list[str]]] = {}
        self._unclear: list[str] = []
        #: So many scenarios are still to run one at a time.
        self._careful = 0

    @property
    def kernel(self) -> Kernel:
        """The kernel of the image."""
        return self._kernel

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Run the scenarios in order; reads up to ``WINDOW`` of them ahead. Raises ExecutorError."""
        queue: deque[_Task | Execution] = deque()
        source = iter(scenarios)
        more, done = True, 0
        try:
            while True:
                if more and len(queue) <= WINDOW // 2:
                    more = self._fill(queue, source)
                if not queue:
                    return
                first = queue[0]
                execution = self._answer(queue, first) if isinstance(first, _Task) else first
                if execution is not None:
                    queue.popleft()
                    done += 1
                    self._line.say(f"{done} scenarios")
                    yield execution
        finally:
            if any(isinstance(left, _Task) for left in queue):
                self._stop()  # nobody wants these answers any more
            self._line.clear()

    def _fill(self, queue: deque[_Task | Execution], source: Iterator[Scenario]) -> bool:
        """Take scenarios until the window is full, and send them; tell whether there may be more."""
        tasks = []
        more = True
        while len(queue) < WINDOW:
            scenario = next(source, None)
            if scenario is None:
                more = False
                break
            try:
                task = _Task(prepare(scenario, self._platform))
            except CannotRun as error:
                queue.append(Execution("skip", None, str(error)))
            else:
                queue.append(task)
                tasks.append(task)
        if self._guest:
            self._send(self._guest, tasks)
        return more

    def _send(self, guest: Booted, tasks: Iterable[_Task]) -> None:
        plans = []
        for task in tasks:
            task.number = self._numbers
            self._numbers += 1
            plan = task.prepared.plan
            crowded = any(step[0] == wire.HEADROOM for step in plan.steps)
            most_maps = plan.mappings + _FEW_MAPS if crowded else _MAPS
            plans.append((task.number, most_maps, marshal.dumps(plan.to_wire(), 2)))
        if plans:
            guest.machine.send(frames.PLANS, plans)

    def _answer(self, queue: deque[_Task | Execution], task: _Task) -> Execution | None:
        """Return what came of the first task of the queue; None where it has to be run again."""
        tasks = [waiting for waiting in queue if isinstance(waiting, _Task)]
        guest = self._guest or self._boot(tasks)
        try:
            kind, what, log = self._receive(guest, task)
            execution = self._read(task.prepared, kind, what, log)
        except _UnclearError as unclear:
            self._unclear = unclear.log
            self._start_over(PROCESSORS * BATCH)
            return None
        except PeerEnded as ended:
            return self._bury(tasks, ended)
        self._deaths = 0
        if self._careful:
            log = self._took_care(guest, log, len(tasks) == 1)
        return _with_log(execution, log)

    def _took_care(self, guest: Booted, log: list[str], last: bool) -> list[str]:
        """Count one that ran alone; return what the kernel said of it, or of those before it and not again."""
        self._careful -= 1
        if log:
            self._unclear = []
        if self._careful and not last:
            return log
        if self._careful == 0:
            self._set_up(guest)
        unclear, self._unclear = self._unclear, []
        return (
            [f"(while one of {PROCESSORS * BATCH} scenarios ran, and not again when each ran alone)", *unclear]
            if unclear
            else log
        )

    def _boot(self, tasks: list[_Task]) -> Booted:
        self._guest = self._booter.boot(self._line)
        self._set_up(self._guest)
        self._send(self._guest, tasks)
        return self._guest

    def _set_up(self, guest: Booted) -> None:
        guest.machine.send(frames.SET_UP, (self._timeout, _HUGE_PAGES, 1 if self._careful else BATCH))

    def _receive(self, guest: Booted, task: _Task) -> tuple[int, Any, list[str]]:
        """Return the answer to a task; raise PeerEnded or _UnclearError where there is none."""
        while task.number not in self._answers:
            kind, values = guest.machine.receive(self._timeout + GRACE, self._line.tick)
            if kind not in (frames.RESULTS, frames.DIED):
                raise PeerEnded(f"the guest sent nonsense: a message of kind {kind} for an answer", guest.machine.log())
            answers, log = values
            if is_oops(log):
                raise PeerEnded("the kernel oopsed", log)
            if log and not self._careful:
                raise _UnclearError(log)
            for number, answer in answers:
                if number >= self._numbers:
                    raise PeerEnded("the guest sent nonsense: an answer to nothing that was asked", log)
                self._answers[number] = kind, answer, log
        return self._answers.pop(task.number)

    def _bury(self, tasks: list[_Task], ended: PeerEnded) -> Execution | None:
        """Let the scenarios that may have killed a guest have another one; at the second death say so."""
        suspects = tasks[: 1 if self._careful else PROCESSORS * BATCH]
        self._start_over(len(suspects))
        self._deaths += 1
        if self._deaths == _MOST_DEATHS:
            raise ExecutorError(f"{self._reference}: every guest dies: {ended.reason}{_lines(ended.log)}")
        for suspect in suspects:
            suspect.deaths += 1
        if tasks[0].deaths == 1:
            self._line.say(f"{ended.reason}: once more")
            return None
        return Execution("error", None, f"the guest died of it twice: {ended.reason}{_lines(ended.log)}")

    def _start_over(self, careful: int) -> None:
        """End the guest; in the next one this many scenarios run one at a time."""
        self._careful = max(self._careful, careful)
        self._stop()

    def _read(self, prepared: Prepared, kind: int, what: Any, log: list[str]) -> Execution:
        if kind == frames.DIED:
            execution = blame(prepared, WorkerEnded(*what), self._timeout)
            if any("Out of memory" in line for line in log):
                reason = f"the guest's {MEMORY} MiB of memory were used up: {execution.reason}"
                return Execution("error", None, reason)
            return execution
        try:
            observation = read_observation(what)
            if len(observation) != 2:
                return self._interpreter.execution(prepared, observation)
            word, text = observation
        except _NO_SENSE as error:
            raise PeerEnded(f"the guest sent nonsense: {error}", log) from None
        if word == "unusable":
            message, _, hint = text.partition("\n")
            raise ExecutorError(f"{self._reference}: scenarios cannot be run in this guest: {message}", hint)
        return Execution("error", None, f"the worker failed: {text}")

    def _stop(self) -> None:
        self._guest = None
        self._answers.clear()
        self._booter.stop()

    def __enter__(self) -> VmExecutor:
        return self

    def __exit__(self, *exc: object) -> None:
        self._guest = None
        self._booter.close()
        self._line.clear()


def _with_log(execution: Execution, log: list[str]) -> Execution:
    if not log:
        return execution
    if execution.outcome is not None:
        return Execution("ran", replace(execution.outcome, kernel_log=tuple(log)))
    return Execution(execution.status, None, f"{execution.reason}{_lines(log)}")


def _lines(log: list[str]) -> str:
    return "".join(f"\n| {line}" for line in log)
