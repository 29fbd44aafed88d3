"""Why two kernels differ: the causing changes, or a model that is not to be trusted.

Between models the cause is looked for directly. A real kernel stands for the model of its own version as long as that
model does just what the kernel did; where it does not, nothing is said of the kernel: the model is suspected.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from mremapcheck.compare.cause import Causes, Changes
from mremapcheck.compare.comparison import compare
from mremapcheck.compare.differences import differences, worst_first
from mremapcheck.errors import KernelReferenceError
from mremapcheck.parallel import lockstep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.executor import Executor, Kernel
    from mremapcheck.outcome import Execution, Outcome
    from mremapcheck.scenario.document import Scenario


class Explainer:
    """Explains the comparisons of one pair of kernels; models are compiled once."""

    def __init__(self, kernels: Sequence[Kernel], causes: Causes | None = None) -> None:
        self._kernels = tuple(kernels)
        self._causes = causes or model_causes()
        self._models = [_model_of(kernel) for kernel in kernels]

    def explain(self, comparison: Comparison) -> Comparison:
        """Return the comparison with the cause of each difference, and with the models that are suspected."""
        a, b = comparison.a.outcome, comparison.b.outcome
        if not comparison.differences or a is None or b is None:
            return comparison
        doubts: set[str] = set()  # where a model is not what its kernel is
        suspects = []
        for kernel, model, outcome in zip(self._kernels, self._models, (a, b), strict=True):
            wrong = self._wrong(comparison.scenario, kernel, model, outcome)
            doubts |= {difference.where for difference in comparison.differences} if wrong is None else wrong
            if wrong and any(difference.where in wrong for difference in comparison.differences):
                suspects.append(kernel.reference)
        wheres = [difference.where for difference in comparison.differences if difference.where not in doubts]
        one, two = self._models
        found = {}
        if wheres and one is not None and two is not None:
            found = self._causes.find(comparison.scenario, one, two, wheres)
        explained = [replace(difference, cause=found.get(difference.where)) for difference in comparison.differences]
        cause_at = {difference.where: difference.cause for difference in explained}
        explained = [
            # What has a cause of its own does not follow from anything.
            replace(difference, follows=None)
            if difference.follows is not None
            and difference.cause is not None
            and difference.cause != cause_at.get(difference.follows)
            else difference
            for difference in explained
        ]
        return replace(comparison, differences=worst_first(explained), suspects=tuple(suspects))

    def _wrong(self, scenario: Scenario, kernel: Kernel, model: Changes | None, outcome: Outcome) -> set[str] | None:
        """Return where the model does something else than the kernel did; None where nobody can tell."""
        if kernel.executor == "model":
            return set()
        if model is None:
            return None
        expected = self._causes.outcome(model, scenario)
        if expected is None:
            return None
        return {difference.where for difference in differences(scenario, expected, outcome)}


def compare_kernels(executors: tuple[Executor, Executor], scenarios: Sequence[Scenario]) -> Iterator[Comparison]:
    """Carry the scenarios out on two kernels, which have been entered, and yield each comparison with its causes."""
    kernels = tuple(executor.kernel for executor in executors)
    names = (kernels[0].reference, kernels[1].reference)
    explainer: Explainer | None = None  # costs something only once something differs
    for scenario, (a, b) in zip(scenarios, lockstep(executors, scenarios), strict=True):
        comparison = compare(scenario, a, b, names)
        if comparison.differences:
            explainer = explainer or Explainer(kernels)
            comparison = explainer.explain(comparison)
        yield comparison


def _model_of(kernel: Kernel) -> Changes | None:
    """Return the changes of a kernel: its own if they are known, else those of its version; None for an unknown one."""
    if kernel.changes is not None:
        return frozenset(kernel.changes)
    from mremapcheck.model.reference import resolve

    try:
        return frozenset(resolve(str(kernel.version)).ids)
    except KernelReferenceError:
        return None


def model_causes() -> Causes:
    """Return the search for causes in the model's own history."""
    from mremapcheck.model.executor import ModelExecutor
    from mremapcheck.model.kernel import ModelKernel
    from mremapcheck.model.registry import CHANGES

    @lru_cache(maxsize=256)
    def executor(changes: Changes) -> ModelExecutor:
        kept = tuple(change for change in CHANGES if change.id in changes)
        return ModelExecutor(ModelKernel("toggled", CHANGES[-1].release, kept))

    def ask(changes: Changes, scenario: Scenario) -> Execution:
        (execution,) = executor(changes).run([scenario])
        return execution

    return Causes({change.id: change.needs for change in CHANGES}, ask)
