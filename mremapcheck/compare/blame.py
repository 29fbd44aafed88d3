"""Which change makes a mismatch.

Between two models ``compare.cause`` finds it. Where one side is a real kernel, nobody knows which changes it has: all
that the model knows are toggled in turn, and one that makes the model do as the kernel did is a suspicion worth
having ("as if this kernel had not got ...").
"""

from __future__ import annotations

from functools import cache

from mremapcheck.compare.cause import Causes, Changes
from mremapcheck.compare.explain import model_causes, on_platform
from mremapcheck.compare.finding import Finding, examine
from mremapcheck.executors.model.registry import CHANGES
from mremapcheck.executors.protocol import Kernel
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario


class Blame:
    """Finds the causes of mismatches of one pair of kernels."""

    def __init__(self, a: Kernel, b: Kernel) -> None:
        self._a, self._b = a, b

    def causes(self, scenario: Scenario, finding: Finding, a: Execution, b: Execution) -> tuple[str, ...] | None:
        """Return the changes that make the worst difference, or let only one kernel run it.

        Empty where none is known, None without any model.
        """
        a_changes, b_changes = _changes(self._a), _changes(self._b)
        if a_changes is not None and b_changes is not None:
            if a.outcome is None or b.outcome is None:
                return _causes().let_it_run(scenario, a_changes, b_changes)
            where = finding.differences[0].where
            return _causes().find(scenario, a_changes, b_changes, [where]).get(where, ())
        sides = self._model_and_real(a, b)
        return (
            None
            if sides is None
            else tuple(each for each in [change.id for change in CHANGES] if _explains(each, scenario, *sides))
        )

    def are_causes(self, changes: tuple[str, ...], scenario: Scenario, a: Execution, b: Execution) -> bool:
        """Tell whether each of the changes alone explains what keeps a model and a real kernel apart.

        False where both kernels are models, or both real.
        """
        sides = self._model_and_real(a, b)
        return sides is not None and all(_explains(change, scenario, *sides) for change in changes)

    def _model_and_real(self, a: Execution, b: Execution) -> tuple[Changes, Execution] | None:
        """Return the changes of the side that is a model, and what the real kernel did; None without one of each."""
        a_changes, b_changes = _changes(self._a), _changes(self._b)
        if a_changes is not None and b_changes is None:
            return a_changes, b
        if b_changes is not None and a_changes is None:
            return b_changes, a
        return None


def _changes(kernel: Kernel) -> Changes | None:
    return on_platform(kernel.changes or (), kernel) if kernel.executor == "model" else None


def _explains(change: str, scenario: Scenario, model: Changes, target: Execution) -> bool:
    """Tell whether the change, toggled alone, makes the model do as ``target``."""
    causes = _causes()
    toggled = causes.toggled(model, change, frozenset() if change in model else frozenset([change]))
    outcome = causes.outcome(toggled, scenario)
    return outcome is not None and examine(scenario, Execution("ran", outcome), target).status == "same"


@cache
def _causes() -> Causes:
    return model_causes()
