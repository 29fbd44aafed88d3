"""Fake kernels for tests of the campaign: they answer from the scenario alone, at once.

``even`` moves everything; ``broken`` refuses what has a uffd-armed letter and MREMAP_FIXED, and lays out other
boundaries where anything is locked; ``lacking`` skips what needs mseal; ``dying`` gives up at once. ``as-real 6.17`` is
a model that says it were a real kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Executor, Kernel
from mremapcheck.outcome.outcome import Execution, MoveOutcome
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mlock, Mremap, Mseal, UffdRegister
from tests.factories import kernel, outcome, vma


@dataclass
class FakeKernel:
    """One fake kernel."""

    name: str

    @property
    def kernel(self) -> Kernel:
        return kernel("6.18", executor="live", changes=None)

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        return map(self._execute, scenarios)

    def __enter__(self) -> FakeKernel:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def _execute(self, scenario: Scenario) -> Execution:
        steps = (*scenario.setup, *scenario.script)
        if self.name == "dying":
            raise ExecutorError("the kernel is gone")
        if self.name == "lacking" and any(isinstance(step, Mseal) for step in steps):
            return Execution("skip", None, "no mseal")
        broken = self.name == "broken"
        armed = any(isinstance(step, UffdRegister) for step in steps)
        locked = any(isinstance(step, Mlock) for step in steps)
        moves = [
            MoveOutcome("EFAULT", None, "refused")
            if broken and armed and step.flags & 2
            else MoveOutcome(None, "dst", "moved")
            for step in scenario.script
            if isinstance(step, Mremap)
        ]
        mappings = (vma("dst", 0, 1), vma("dst", 1, 1)) if broken and locked else (vma("dst", 0, 2),)
        return Execution("ran", outcome(mappings=mappings, moves=tuple(moves), dst="AA"))


class ModelAsReal(ModelExecutor):
    """A model that says it were a real kernel, of which nobody knows the changes."""

    @property
    def kernel(self) -> Kernel:
        return kernel("6.18", executor="live", changes=None)


def opener(reference: str) -> Executor:
    """Open a fake kernel, a model by its version, or ``as-real VERSION``."""
    word, _, version = reference.partition(" ")
    if word == "as-real":
        return ModelAsReal(resolve(version))
    return ModelExecutor(resolve(reference)) if reference[0].isdigit() else FakeKernel(reference)
