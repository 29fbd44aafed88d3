"""The executor of real kernels: one guest for all scenarios, a new one where that guest dies."""

from __future__ import annotations

from dataclasses import replace

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live import wire
from mremapcheck.executors.live.window import Queue, Task, waiting
from mremapcheck.executors.live.wire import Plan
from mremapcheck.executors.protocol import Kernel
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.executor import RemoteExecutor
from mremapcheck.executors.remote.peer import PeerEnded
from mremapcheck.executors.vm.boot import SWITCHED_ON, Booted, Booter
from mremapcheck.executors.vm.guest_image import guest_image
from mremapcheck.executors.vm.images import known
from mremapcheck.executors.vm.kernel_log import complaint, is_oops, is_said_once
from mremapcheck.executors.vm.qemu import MEMORY, PROCESSORS
from mremapcheck.outcome.outcome import Execution

#: Scenarios that the guest runs in one go; where one of them brings trouble, each runs alone to see which it was.
BATCH = 16
#: So many guests that die without a single answer are not the scenarios' fault.
_MOST_DEATHS = 8
#: 2 MiB pages that are set aside in the guest.
_HUGE_PAGES = 32
#: vm.max_map_count: the kernel's default; and where a scenario wants nearly all of them used up, which takes a guest
#: seconds for as many, a few more than it has mappings itself.
_MAPS = 65530
_FEW_MAPS = 256


class _UnclearError(Exception):
    """The kernel complained while several scenarios ran: each has to run alone to see which one made it."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log


class VmExecutor(RemoteExecutor):
    """Runs scenarios on a kernel image, in a virtual machine.

    ``reference`` is what follows ``vm:``; ``timeout`` is in seconds, for one scenario. The guest boots with the first
    scenario and lives until the executor is left.
    """

    place = "in this guest"

    def __init__(self, reference: str, *, timeout: float = 30.0) -> None:
        image = known.resolve(reference)
        super().__init__(f"vm:{reference}", timeout, image.platform)
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
        self._guest: Booted | None = None
        self._deaths = 0
        self._unclear: list[str] = []
        #: So many scenarios are still to run one at a time.
        self._careful = 0

    @property
    def kernel(self) -> Kernel:
        """The kernel of the image."""
        return self._kernel

    def _send(self, tasks: list[Task]) -> None:
        if self._guest:
            self._send_plans(self._guest.machine, tasks)

    def _most_maps(self, plan: Plan) -> int:
        crowded = any(step[0] == wire.HEADROOM for step in plan.steps)
        return plan.mappings + _FEW_MAPS if crowded else _MAPS

    def _look_at(self, log: list[str]) -> None:
        if is_oops(log):
            raise PeerEnded("the kernel oopsed", log)
        if log and not self._careful:
            raise _UnclearError(log)

    def _answer(self, queue: Queue, first: Task) -> Execution | None:
        tasks = waiting(queue)
        guest = self._guest or self._boot(tasks)
        try:
            kind, what, log = self._receive(guest.machine, first.number)
            execution = self._read_answer(guest.machine, first.prepared, kind, what)
        except _UnclearError as unclear:
            self._unclear = unclear.log
            self._start_over(PROCESSORS * BATCH)
            return None
        except PeerEnded as ended:
            return self._bury(tasks, ended)
        self._deaths = 0
        if kind == frames.DIED and any("Out of memory" in line for line in log):
            reason = f"the guest's {MEMORY} MiB of memory were used up: {execution.reason}"
            execution = Execution("error", None, reason)
        if self._careful:
            said_once = is_said_once(log)
            log = self._took_care(guest, log, len(tasks) == 1)
            if said_once:
                self._give_up()
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

    def _boot(self, tasks: list[Task]) -> Booted:
        self._guest = self._booter.boot(self._line)
        self._set_up(self._guest)
        self._send_plans(self._guest.machine, tasks)
        return self._guest

    def _set_up(self, guest: Booted) -> None:
        guest.machine.send(frames.SET_UP, (self._timeout, _HUGE_PAGES, 1 if self._careful else BATCH))

    def _bury(self, tasks: list[Task], ended: PeerEnded) -> Execution | None:
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
        reason = f"the guest died of it twice: {ended.reason}{_lines(ended.log)}"
        return Execution("error", None, reason, kernel_log=tuple(complaint(ended.log)))

    def _start_over(self, careful: int) -> None:
        """End the guest; in the next one this many scenarios run one at a time."""
        self._careful = max(self._careful, careful)
        self._give_up()

    def _give_up(self) -> None:
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
    return Execution(execution.status, None, f"{execution.reason}{_lines(log)}", kernel_log=tuple(log))


def _lines(log: list[str]) -> str:
    return "".join(f"\n| {line}" for line in log)
