"""Documented freedoms of the kernel: what two runs of the same kernel may do differently.

Each is a rule with its reason, never a list of cases. A rule looks at one difference and says whether it is one of
these; a fuzzing campaign passes over it, and only a campaign does: ``compare`` shows everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mremapcheck.compare.difference import Difference
    from mremapcheck.outcome.outcome import Outcome
    from mremapcheck.scenario.document import Scenario

Rule: TypeAlias = "Callable[[Difference, Scenario, Outcome, Outcome], bool]"


def is_free(difference: Difference, scenario: Scenario, a: Outcome, b: Outcome) -> bool:
    """Tell whether a rule covers this difference."""
    return any(rule(difference, scenario, a, b) for rule in RULES)


def address_choice(difference: Difference, scenario: Scenario, a: Outcome, b: Outcome) -> bool:
    """Without MREMAP_FIXED the kernel moves to an address of its choice (man page).

    Which one depends on everything else in the address space. Both sides agree that the call succeeded and moved.
    """
    return (
        difference.class_name == "placement" and difference.a.startswith("moved ") and difference.b.startswith("moved ")
    )


RULES: tuple[Rule, ...] = (address_choice,)
