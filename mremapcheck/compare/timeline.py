"""One scenario over all kernels: ranges that behave alike, and what made each turn.

The stops of the timeline are those versions at which a model can change at all: every release, the candidates of a
release in whose cycle something changed, and the stable updates that a change was backported to (with the one before).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from mremapcheck.compare.blame import Blame
from mremapcheck.compare.difference import Difference
from mremapcheck.compare.finding import examine
from mremapcheck.compare.matrix import Era, label, row, span
from mremapcheck.compare.pair import Opener
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.protocol import Executor, Kernel
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.outcome.expectations import Result, judge
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario

#: How many releases each major version had before the next one began (from the release history of kernel.org).
LAST_MINOR = {4: 20, 5: 19, 6: 19}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring stops with the same outcome: ``kernels`` says which in words, ``label`` what they do.

    ``differences`` are those from the stretch before, and ``cause`` the changes that made the worst of them (ids;
    empty: unknown; None: for the first stretch). Some of these this stretch has ``gained``, and some it has ``lost``: a
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
    def kind(self) -> str | None:
        """The class of the worst difference from the stretch before; None for the first one."""
        return self.differences[0].kind if self.differences else None

    @property
    def gained(self) -> tuple[str, ...]:
        """The changes of ``cause`` that it has and the stretch before has not."""
        return tuple(change for change in self.cause or () if change not in self.lost)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``timeline`` of the ``since`` report."""
        outcome = self.execution.outcome
        return {
            "kernels": self.kernels,
            "stops": list(self.stops),
            "label": self.label,
            "class": self.kind,
            "cause": None if self.cause is None else list(self.cause),
            "lost": list(self.lost),
            "differences": [difference.to_json() for difference in self.differences],
            "reason": self.execution.reason,
            "outcome": outcome.to_json() if outcome else None,
        }


def stops(changes: Iterable[Change], first: KernelVersion, last: KernelVersion) -> list[str]:
    """Return the references of all stops from ``first`` to ``last``, in order."""
    found = {first, last, *_releases(first, last)}
    for change in changes:
        for version in (change.release, *change.stable):
            found.add(version)
            if version.rc is None and version.stable > 0:
                found.add(KernelVersion(version.major, version.minor, version.stable - 1))
            for candidate in range(1, version.rc or 0):
                found.add(KernelVersion(version.major, version.minor, rc=candidate))
    return [str(version) for version in sorted(found) if first <= version <= last]


def _releases(first: KernelVersion, last: KernelVersion) -> Iterator[KernelVersion]:
    version = first.series
    while version <= last.series:
        yield KernelVersion(*version)
        major, minor = version
        version = (major + 1, 0) if minor == LAST_MINOR.get(major) else (major, minor + 1)


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
                label=label(results[era.first]),
                execution=results[era.first].execution,
                stops=tuple(kernel.reference for kernel in kernels[era.first : era.last + 1]),
                differences=era.differences,
                cause=cause,
                lost=tuple(change for change in cause or () if change not in (kernels[era.first].changes or ())),
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
