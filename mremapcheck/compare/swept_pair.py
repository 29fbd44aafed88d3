"""Two kernels swept: A says what is allowed when memory runs out, and B is held against it.

Where they differ while there is memory, that is told, for its cause can be found; sweeping tells what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee
from typing import TYPE_CHECKING

from mremapcheck.compare.allowed import Swept, held
from mremapcheck.compare.difference import Difference
from mremapcheck.compare.finding import KERNEL_REPORT, NOT_ALLOWED, Finding, examine
from mremapcheck.compare.pair import Pair, PairResult
from mremapcheck.executors.sweep import Sweep, sweep
from mremapcheck.outcome.complaint import headline
from mremapcheck.outcome.outcome import Execution

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


class SweptPair(Pair):
    """Executors A and B, every scenario swept on both; a mismatch is what B shows and A does not allow."""

    def compare(self, scenarios: Iterable[Scenario]) -> Iterator[PairResult]:
        """Sweep the scenarios on both and hold B against A, in order."""
        for_a, for_b = tee(scenarios)
        for a, b in zip(sweep(self.a, for_a), sweep(self.b, for_b), strict=True):
            yield _asked(a, b, held(a.scenario, a, b, (), oracle=True))


def _asked(a: Sweep, b: Sweep, swept: Swept) -> PairResult:
    scenario = a.scenario
    usual, theirs = _usual(a), _usual(b)
    if not swept.ran or (not swept.reports and any(each.possible.usual for each in swept.more)):
        return PairResult(scenario, examine(scenario, usual, theirs), usual, theirs)
    if swept.reports:
        assert theirs.outcome is not None
        seen = Execution("ran", replace(theirs.outcome, kernel_log=swept.reports[0]))
        found = [Difference(KERNEL_REPORT, "moves", "none", headline(report)) for report in swept.reports]
    elif swept.more:
        seen = Execution("ran", swept.more[0].possible.outcome)
        found = [
            Difference(NOT_ALLOWED, f"moves[{each.move}]", "not allowed", str(each.possible.move))
            for each in swept.more
        ]
    elif swept.troubles:
        return PairResult(scenario, Finding("unanswered", swept.troubles[0]), usual, theirs)
    else:
        return PairResult(scenario, Finding("same"), usual, theirs)
    return PairResult(scenario, Finding("different", None, tuple(dict.fromkeys(found))), usual, seen)


def _usual(swept: Sweep) -> Execution:
    """Return what happens while there is memory, or why nothing was swept."""
    outcomes = [possible.outcome for move in swept.moves[-1:] for possible in move.all() if possible.usual]
    return Execution(swept.status, outcomes[0] if outcomes else None, swept.reason)
