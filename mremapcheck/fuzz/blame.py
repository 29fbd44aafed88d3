"""Which change makes a mismatch: toggle one at a time in the model until it goes away."""

from __future__ import annotations

from mremapcheck.errors import KernelReferenceError
from mremapcheck.executor import Executor, Kernel
from mremapcheck.fuzz.finding import examine
from mremapcheck.fuzz.pair import Opener, Pair
from mremapcheck.outcome import Execution
from mremapcheck.scenario.document import Scenario


class Blame:
    """Finds causes for one pair of kernels; the toggled models are opened once and kept.

    With two models only the changes are tried that one has and the other lacks. With one, all that are known: a cause
    then says "the kernel behaves as if the model had (or had not) this change".
    """

    def __init__(self, pair: Pair, opener: Opener) -> None:
        self._opener = opener
        self._models: dict[str, Executor | None] = {}
        self._a, self._b = pair.a.kernel, pair.b.kernel

    def causes(self, scenario: Scenario, a: Execution, b: Execution) -> tuple[str, ...] | None:
        """Return what makes the executions differ; None where neither side is a model.

        Changes each of which, toggled alone, makes one side behave like the other; where there is none, those without
        which the difference would be another one. Empty where nothing that is known explains it.
        """
        for kernel, other, target in ((self._a, self._b, b), (self._b, self._a, a)):
            if kernel.executor == "model":
                enough = self._toggled(scenario, kernel, other, target, equal=True)
                if enough:
                    return enough
        if self._a.executor == self._b.executor == "model":
            return self._toggled(scenario, self._b, self._a, b, equal=False)
        return () if "model" in (self._a.executor, self._b.executor) else None

    def _toggled(
        self, scenario: Scenario, kernel: Kernel, other: Kernel, target: Execution, *, equal: bool
    ) -> tuple[str, ...]:
        """Return the changes that, toggled in ``kernel``, make it do as ``target`` (not ``equal``: anything else)."""
        has = set(kernel.changes or ())
        found = []
        for change in _known():
            if other.executor == "model" and (change in has) == (change in (other.changes or ())):
                continue
            model = self._model(f"{kernel.reference}{'-' if change in has else '+'}{change}")
            if model is None:
                continue
            (execution,) = model.run([scenario])
            status = examine(scenario, execution, target).status
            if (status in ("same", "refused")) == equal and status != "skipped":
                found.append(change)
        return tuple(found)

    def _model(self, reference: str) -> Executor | None:
        if reference not in self._models:
            try:
                self._models[reference] = self._opener(reference)
            except KernelReferenceError:  # a change that others build on cannot be taken away alone
                self._models[reference] = None
        return self._models[reference]


def _known() -> list[str]:
    from mremapcheck.model.registry import CHANGES

    return [change.id for change in CHANGES]
