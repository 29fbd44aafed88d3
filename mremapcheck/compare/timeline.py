"""One scenario over all kernels: ranges that behave alike, and what made each turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from mremapcheck.compare.blame import Blame
from mremapcheck.compare.finding import examine
from mremapcheck.compare.matrix import Era, row, span
from mremapcheck.compare.pair import Opener
from mremapcheck.executors.protocol import Executor, Kernel
from mremapcheck.outcome.expectations import Result, judge
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring stops with the same outcome: ``kernels`` says which in words, ``label`` what they do.

    ``kind`` is the class of the worst difference from the stretch before, and ``cause`` what made it (ids of changes;
    empty: unknown); None for the first stretch.
    """

    kernels: str
    label: str
    execution: Execution
    stops: tuple[str, ...]
    kind: str | None = None
    cause: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``timeline`` of the ``since`` report."""
        outcome = self.execution.outcome
        return {
            "kernels": self.kernels,
            "stops": list(self.stops),
            "label": self.label,
            "class": self.kind,
            "cause": None if self.cause is None else list(self.cause),
            "reason": self.execution.reason,
            "outcome": outcome.to_json() if outcome else None,
        }


def timeline(scenario: Scenario, references: Sequence[str], opener: Opener) -> list[Stretch]:
    """Run the scenario on every reference, in this order, and fold neighbours that do the same.

    Raises MremapcheckError where a reference cannot be opened.
    """
    with ExitStack() as stack:
        executors = [stack.enter_context(opener(reference)) for reference in references]
        results = [_result(scenario, executor) for executor in executors]
    kernels = [executor.kernel for executor in executors]
    eras = row(scenario, results).eras
    stretches = []
    for era in eras:
        cause = None
        if era.first:
            cause = _cause(scenario, results, kernels, era)
        stretches.append(
            Stretch(
                kernels=span(era, kernels),
                label=era.label,
                execution=results[era.first].execution,
                stops=tuple(kernel.reference for kernel in kernels[era.first : era.last + 1]),
                kind=era.kind,
                cause=cause,
            )
        )
    return stretches


def _result(scenario: Scenario, executor: Executor) -> Result:
    (execution,) = executor.run([scenario])
    return judge(scenario, execution, executor.kernel.version)


def _cause(
    scenario: Scenario, results: Sequence[Result], kernels: Sequence[Kernel], era: Era
) -> tuple[str, ...] | None:
    before, after = kernels[era.first - 1], kernels[era.first]
    if before.executor != "model" or after.executor != "model":
        return None
    a, b = results[era.first - 1].execution, results[era.first].execution
    if a.outcome is None or b.outcome is None:
        return tuple(change for change in after.changes or () if change not in (before.changes or ()))
    return Blame(before, after).causes(scenario, examine(scenario, a, b), a, b)
