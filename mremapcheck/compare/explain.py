"""Why two kernels differ: the causing changes, or a model that is not to be trusted.

Between models the cause is looked for directly. A real kernel is stood for by the model of its own version where that
does just what the kernel did. Where it does not, the model is suspected: of a bug, or the kernel of not being what its
version says. If toggling a single change makes the model do what the kernel did, that one stands for it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.compare.cause import Causes, Changes
from mremapcheck.compare.comparison import Suspect, compare, names_of
from mremapcheck.compare.differences import differences, worst_first
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import CHANGES
from mremapcheck.executors.parallel import lockstep
from mremapcheck.linux.platforms import PLATFORMS, USUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.difference import Difference
    from mremapcheck.executors.protocol import Executor, Kernel
    from mremapcheck.outcome.outcome import Execution, Outcome
    from mremapcheck.scenario.document import Scenario


class _StandIn(NamedTuple):
    """The model that stands for a kernel in one scenario: None, or not to be trusted at the places in ``doubts``."""

    model: Changes | None
    doubts: frozenset[str]
    suspect: Suspect | None


class Explainer:
    """Explains the comparisons of one pair of kernels; models are compiled once."""

    def __init__(self, kernels: Sequence[Kernel], causes: Causes | None = None) -> None:
        self._kernels = tuple(kernels)
        self._causes = causes or model_causes()
        self._models = [_model_of(kernel) for kernel in kernels]

    def explain(self, comparison: Comparison) -> Comparison:
        """Return the comparison with the cause of each difference, and with the models that are suspected."""
        outcomes = comparison.a.outcome, comparison.b.outcome
        wheres = [difference.where for difference in comparison.differences]
        sides = [
            self._stand_in(comparison.scenario, kernel, model, outcome, frozenset(wheres))
            for kernel, model, outcome in zip(self._kernels, self._models, outcomes, strict=True)
            if outcome is not None
        ]
        if not wheres or len(sides) < 2:
            return comparison
        a, b = sides
        trusted = [where for where in wheres if where not in a.doubts | b.doubts]
        found: dict[str, tuple[str, ...]] = {}
        if trusted and a.model is not None and b.model is not None:
            found = self._causes.find(comparison.scenario, a.model, b.model, trusted)
        explained = [_with_cause(difference, found) for difference in comparison.differences]
        suspects = tuple(side.suspect for side in sides if side.suspect is not None)
        return replace(comparison, differences=worst_first(explained), suspects=suspects)

    def _stand_in(
        self, scenario: Scenario, kernel: Kernel, model: Changes | None, outcome: Outcome, wheres: frozenset[str]
    ) -> _StandIn:
        """Return the model of a kernel's version, or if that does something else one that is a single change away."""
        if kernel.executor == "model":
            return _StandIn(model, frozenset(), None)
        wrong = None if model is None else self._wrong(scenario, model, outcome)
        if model is None or wrong is None:
            return _StandIn(None, wheres, None)
        if not wrong & wheres:
            return _StandIn(model, wrong, None)
        for sign, twin, change in self._causes.neighbours(model):
            if self._wrong(scenario, twin, outcome) == frozenset():
                suspect = Suspect(kernel.reference, f"{kernel.version}{sign}{change}")
                return _StandIn(twin, frozenset(), suspect)
        return _StandIn(model, wrong, Suspect(kernel.reference, None))

    def _wrong(self, scenario: Scenario, model: Changes, outcome: Outcome) -> frozenset[str] | None:
        """Return where the model does something else than was seen; None where it has no outcome."""
        expected = self._causes.outcome(model, scenario)
        if expected is None:
            return None
        return frozenset(difference.where for difference in differences(scenario, expected, outcome))


def _with_cause(difference: Difference, causes: Mapping[str, tuple[str, ...]]) -> Difference:
    """Return the difference with its cause; what has another cause than what it follows from stands for itself."""
    cause = causes.get(difference.where)
    follows = difference.follows
    if follows is not None and cause is not None and cause != causes.get(follows):
        follows = None
    return replace(difference, cause=cause, follows=follows)


def compare_kernels(executors: tuple[Executor, Executor], scenarios: Sequence[Scenario]) -> Iterator[Comparison]:
    """Run the scenarios on two kernels, which have been entered, and yield each comparison with its causes."""
    kernels = tuple(executor.kernel for executor in executors)
    names = names_of(kernels)
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
        return on_platform(kernel.changes, kernel)
    try:
        return on_platform(resolve(str(kernel.version)).ids, kernel)
    except KernelReferenceError:
        return None


def on_platform(changes: Iterable[str], kernel: Kernel) -> Changes:
    """Return changes on a kernel's platform: one that is not the usual one is a change, too (``@arm64-16k``)."""
    return frozenset(changes) if kernel.platform is USUAL else frozenset([*changes, f"@{kernel.platform.name}"])


def model_causes() -> Causes:
    """Return the search for causes in the model's own history."""

    @lru_cache(maxsize=256)
    def executor(changes: Changes) -> ModelExecutor:
        kept = tuple(change for change in CHANGES if change.id in changes)
        platform = next((platform for name, platform in PLATFORMS.items() if f"@{name}" in changes), USUAL)
        return ModelExecutor(ModelKernel("toggled", CHANGES[-1].release, kept, platform))

    def ask(changes: Changes, scenario: Scenario) -> Execution:
        (execution,) = executor(changes).run([scenario])
        return execution

    needs: dict[str, Sequence[str]] = {change.id: change.needs for change in CHANGES}
    return Causes(needs | {f"@{name}": () for name in PLATFORMS}, ask)
