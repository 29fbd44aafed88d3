"""One scenario over all kernels: ranges that behave alike, and what made each turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from mremapcheck.compare.blame import Blame
from mremapcheck.compare.difference import Difference
from mremapcheck.compare.finding import examine
from mremapcheck.compare.matrix import Era, judged, label, row, span
from mremapcheck.compare.pair import Opener
from mremapcheck.executors.protocol import Kernel
from mremapcheck.outcome.expectations import Result
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class TimelineEra:
    """Neighbouring stops with the same outcome: ``kernels`` says which in words, ``label`` what they do.

    ``differences`` are those from the era before, and ``cause`` the changes that made the worst of them (ids;
    empty: unknown; None: for the first era). Some of these this era has ``gained``, and some it has ``lost``: a
    stable update may have what the next release has not.
    """

    kernels: str
    label: str
    execution: Execution
    stops: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    cause: tuple[str, ...] | None = None
    lost: tuple[str, ...] = ()

    @property
    def class_name(self) -> str | None:
        """The class of the worst difference from the era before; None for the first one."""
        return self.differences[0].class_name if self.differences else None

    @property
    def gained(self) -> tuple[str, ...]:
        """The changes of ``cause`` that it has and the era before has not."""
        return tuple(change for change in self.cause or () if change not in self.lost)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``timeline`` of the ``since`` report."""
        outcome = self.execution.outcome
        return {
            "kernels": self.kernels,
            "stops": list(self.stops),
            "label": self.label,
            "class": self.class_name,
            "cause": None if self.cause is None else list(self.cause),
            "lost": list(self.lost),
            "differences": [difference.to_json() for difference in self.differences],
            "reason": self.execution.reason,
            "outcome": outcome.to_json() if outcome else None,
        }


def timeline(scenario: Scenario, references: Sequence[str], opener: Opener) -> list[TimelineEra]:
    """Run the scenario on every reference, in this order, and fold neighbours that do the same.

    Raises MremapcheckError where a reference cannot be opened.
    """
    with ExitStack() as stack:
        executors = [stack.enter_context(opener(reference)) for reference in references]
        executions = (execution for executor in executors for execution in executor.run([scenario]))
        results = judged(scenario, executors, executions)
    kernels = [executor.kernel for executor in executors]
    return [_told(scenario, results, kernels, era) for era in row(scenario, results).eras]


def _told(scenario: Scenario, results: Sequence[Result], kernels: Sequence[Kernel], era: Era) -> TimelineEra:
    cause = _cause(scenario, results, kernels, era) if era.first else None
    return TimelineEra(
        kernels=span(era, kernels),
        label=label(results[era.first]),
        execution=results[era.first].execution,
        stops=tuple(kernel.reference for kernel in kernels[era.first : era.last + 1]),
        differences=era.differences,
        cause=cause,
        lost=tuple(change for change in cause or () if change not in (kernels[era.first].changes or ())),
    )


def _cause(
    scenario: Scenario, results: Sequence[Result], kernels: Sequence[Kernel], era: Era
) -> tuple[str, ...] | None:
    before, after = kernels[era.first - 1], kernels[era.first]
    if before.executor != "model" or after.executor != "model":
        return None
    a, b = results[era.first - 1].execution, results[era.first].execution
    return Blame(before, after).causes(scenario, examine(scenario, a, b), a, b)
