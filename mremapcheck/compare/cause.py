"""Which change makes a difference: changes between two models are toggled until it appears or vanishes.

For a difference at some ``where`` between kernels A and B, and the changes that only one of them has:

1. A change is *the* cause if A with it toggled behaves as B does there, and B with it toggled as A does.
2. Else one that is enough by itself: A with it toggled behaves as B does there.
3. Else a smallest set that is enough together: all of them are, and each that is not needed is put back in turn,
   those first without which B would still be as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from mremapcheck.compare.differences import differences

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Execution, Outcome
    from mremapcheck.scenario.document import Scenario

#: Ids of the changes that a kernel has.
Changes: TypeAlias = frozenset[str]
#: Run a scenario on the model with these changes.
Ask: TypeAlias = "Callable[[Changes, Scenario], Execution]"


class Causes:
    """Finds causes between models. ``needs``: every change, in the registry's order -> the ids it builds on."""

    def __init__(self, needs: Mapping[str, Sequence[str]], ask: Ask) -> None:
        self._needs = needs
        self._needed_by = {one: [other for other, builds_on in needs.items() if one in builds_on] for one in needs}
        self._ask = ask

    def find(self, scenario: Scenario, a: Changes, b: Changes, wheres: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the causes of the differences at each of ``wheres``; one without a cause is left out."""
        trial = _Trial(self, scenario, a, b)
        found = {}
        for where in dict.fromkeys(wheres):
            cause = trial.cause(where)
            if cause:
                found[where] = cause
        return found

    def let_it_run(self, scenario: Scenario, a: Changes, b: Changes) -> tuple[str, ...]:
        """Return the changes each of which alone makes A run or skip the scenario as B does; all where none does."""
        between = self.ordered(a ^ b)
        wanted = self._ask(b, scenario)

        def as_b(execution: Execution) -> bool:
            return (execution.status, execution.reason) == (wanted.status, wanted.reason)

        alone = [change for change in between if as_b(self._ask(self.toggled(a, change, b), scenario))]
        return tuple(alone or between)

    def outcome(self, changes: Changes, scenario: Scenario) -> Outcome | None:
        """Return what the model with these changes does, None where it skips or refuses the scenario."""
        return self._ask(changes, scenario).outcome

    def toggled(self, kernel: Changes, change: str, other: Changes) -> Changes:
        """Return ``kernel`` with ``change`` as ``other`` has it.

        What the change builds on comes with it, and what builds on it goes with it.
        """
        if change in other:
            return kernel | self._closure(change, self._needs)
        return kernel - self._closure(change, self._needed_by)

    def neighbours(self, kernel: Changes) -> Iterator[tuple[str, Changes, str]]:
        """Yield what is a toggle away: ``-`` or ``+``, its changes, the change. First what lacks one, newest first.

        A kernel's platform is known, and not toggled.
        """
        for change in reversed([change for change in self.ordered(kernel) if change[0] != "@"]):
            yield "-", self.toggled(kernel, change, frozenset()), change
        for change in reversed([change for change in self._needs if change not in kernel and change[0] != "@"]):
            yield "+", self.toggled(kernel, change, frozenset([change])), change

    def ordered(self, changes: Changes) -> list[str]:
        """Return the changes in the registry's order."""
        return [change for change in self._needs if change in changes]

    def _closure(self, change: str, relation: Mapping[str, Sequence[str]]) -> Changes:
        found: set[str] = set()
        pending = [change]
        while pending:
            one = pending.pop()
            if one not in found:
                found.add(one)
                pending += relation.get(one, ())
        return frozenset(found)


class _Trial:
    """One scenario on all kernels between A and B; each is asked once."""

    def __init__(self, causes: Causes, scenario: Scenario, a: Changes, b: Changes) -> None:
        self._causes = causes
        self._a, self._b = a, b
        self._between = causes.ordered(a ^ b)
        outcome = cache(lambda changes: causes.outcome(changes, scenario))

        @cache
        def differing(one: Changes, two: Changes) -> frozenset[str] | None:
            first, second = outcome(one), outcome(two)
            if first is None or second is None:
                return None
            return frozenset(difference.where for difference in differences(scenario, first, second))

        self._differing = differing

    def cause(self, where: str) -> tuple[str, ...] | None:
        enough = [change for change in self._between if self._as_b(where, [change])]
        needed = [change for change in self._between if self._as_a(where, change)]
        both = [change for change in enough if change in needed]
        if both or enough:
            return ((both or enough)[0],)
        kept = list(self._between)
        if not self._as_b(where, kept):
            return None
        for change in [*(one for one in self._between if one not in needed), *needed]:
            fewer = [one for one in kept if one != change]
            if self._as_b(where, fewer):
                kept = fewer
        return tuple(kept)

    def _as_b(self, where: str, changes: Iterable[str]) -> bool:
        kernel = self._a
        for change in changes:
            kernel = self._causes.toggled(kernel, change, self._b)
        return self._alike(where, kernel, self._b)

    def _as_a(self, where: str, change: str) -> bool:
        return self._alike(where, self._a, self._causes.toggled(self._b, change, self._a))

    def _alike(self, where: str, one: Changes, two: Changes) -> bool:
        differing = self._differing(one, two)
        return differing is not None and where not in differing
