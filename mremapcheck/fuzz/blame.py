"""Which change makes a mismatch.

Between two models ``compare.cause`` finds it. Where one side is a real kernel, nobody knows which changes it has: all
that the model knows are toggled in turn, and one that makes the model do as the kernel did is a suspicion worth
having ("as if this kernel had not got ...").
"""

from __future__ import annotations

from functools import cache

from mremapcheck.compare.cause import Causes, Changes
from mremapcheck.executor import Kernel
from mremapcheck.fuzz.finding import Finding, examine
from mremapcheck.outcome import Execution
from mremapcheck.scenario.document import Scenario


class Blame:
    """Finds the causes of mismatches of one pair of kernels."""

    def __init__(self, a: Kernel, b: Kernel) -> None:
        self._a, self._b = a, b

    def causes(self, scenario: Scenario, finding: Finding, a: Execution, b: Execution) -> tuple[str, ...] | None:
        """Return the changes that make the worst difference; empty where none is known, None without any model."""
        a_changes, b_changes = _changes(self._a), _changes(self._b)
        if a_changes is not None and b_changes is not None:
            where = finding.differences[0].where
            return _causes().find(scenario, a_changes, b_changes, [where]).get(where, ())
        if a_changes is not None:
            return tuple(change for change in _known() if _explains(change, scenario, a_changes, b))
        if b_changes is not None:
            return tuple(change for change in _known() if _explains(change, scenario, b_changes, a))
        return None

    def is_cause(self, causes: tuple[str, ...], scenario: Scenario, a: Execution, b: Execution) -> bool:
        """Tell whether one of the changes is all that keeps a model and a real kernel apart.

        False where both kernels are models, or both real.
        """
        a_changes, b_changes = _changes(self._a), _changes(self._b)
        if (a_changes is None) == (b_changes is None):
            return False
        model, target = (a_changes, b) if a_changes is not None else (b_changes, a)
        return model is not None and any(_explains(change, scenario, model, target) for change in causes)


def _changes(kernel: Kernel) -> Changes | None:
    return frozenset(kernel.changes or ()) if kernel.executor == "model" else None


def _explains(change: str, scenario: Scenario, model: Changes, target: Execution) -> bool:
    """Tell whether the change, toggled alone, makes the model do as ``target``."""
    causes = _causes()
    toggled = causes.toggled(model, change, frozenset() if change in model else frozenset([change]))
    outcome = causes.outcome(toggled, scenario)
    return outcome is not None and examine(scenario, Execution("ran", outcome), target).status == "same"


@cache
def _causes() -> Causes:
    from mremapcheck.compare.explain import model_causes

    return model_causes()


def _known() -> list[str]:
    from mremapcheck.model.registry import CHANGES

    return [change.id for change in CHANGES]
