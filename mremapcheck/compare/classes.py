"""The classes of difference, worst first, and the rule for each.

A move is compared first, by verdict and errno; then what is left behind: contents, layout, counters, events. One fact
is one difference:

* A move may show several (a call that destroyed its destination and now succeeds is ``damage`` and ``newly-allowed``);
  the worst comes first and is the class by which the scenario is counted.
* What is left behind differs wherever a move did something else. It is listed too, marked as following from that move,
  so that a reader can pass over it and nothing is silent.
* ``layout`` only speaks of pages that are mapped on both sides, ``counters`` only of what the mappings do not explain:
  a page that is gone is already told by ``contents``.
* A place that the kernel was free to choose is compared by what it holds; that it is another place is ``placement``.
* A page that one side could not observe (``?``) is no difference, as long as both have it mapped. Kernel logs and
  residency are not compared: they are shown, but only some executors have them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mremapcheck.base.dataclass import dataclass

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import MoveOutcome


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that distinguishes two outcomes; ``kind`` is its class.

    ``follows`` names the difference (its ``where``) that this one is a consequence of. ``cause``: ids of the changes
    that make it, None where nobody looked or none was found.
    """

    kind: str
    where: str
    a: str
    b: str
    follows: str | None = None
    cause: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.a} -> {self.b}"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``differences`` of the ``compare`` report."""
        return {
            "class": self.kind,
            "where": self.where,
            "a": self.a,
            "b": self.b,
            "follows": self.follows,
            "cause": None if self.cause is None else list(self.cause),
        }


#: Worst first; the first of a scenario's differences in this order is its class.
CLASSES = (
    "partial-to-refused",
    "refused-to-partial",
    "damage",
    "newly-allowed",
    "newly-refused",
    "errno",
    "contents",
    "layout",
    "counters",
    "events",
    "placement",
)


def partial_to_refused(a: MoveOutcome, b: MoveOutcome) -> bool:
    """A fails after some mappings have moved; B fails before anything has happened."""
    return a.verdict == "partial" and b.verdict == "refused"


def refused_to_partial(a: MoveOutcome, b: MoveOutcome) -> bool:
    """A fails before anything has happened; B fails after some mappings have moved."""
    return a.verdict == "refused" and b.verdict == "partial"


def damage(a: MoveOutcome, b: MoveOutcome) -> bool:
    """Just one side fails and has lost the destination or a tail of the source."""
    return (a.verdict == "damaged") != (b.verdict == "damaged")


def newly_allowed(a: MoveOutcome, b: MoveOutcome) -> bool:
    """A fails, B succeeds."""
    return a.errno is not None and b.errno is None


def newly_refused(a: MoveOutcome, b: MoveOutcome) -> bool:
    """A succeeds, B fails (refused, or after having done something)."""
    return a.errno is None and b.errno is not None


def errno(a: MoveOutcome, b: MoveOutcome) -> bool:
    """Both fail, with different errnos."""
    return a.errno is not None and b.errno is not None and a.errno != b.errno


def placement(a: MoveOutcome, b: MoveOutcome) -> bool:
    """Both succeed and return different addresses, or the same one by other means."""
    if a.errno is not None or b.errno is not None:
        return False
    return _place(a.result) != _place(b.result) or a.verdict != b.verdict


def _place(result: str | None) -> str:
    place = result or "?"
    return "elsewhere" if place.rstrip("0123456789") == "elsewhere" else place


#: What a difference of the class shows of a move.
_SHOWN: dict[Callable[[MoveOutcome, MoveOutcome], bool], Callable[[MoveOutcome], str]] = {
    partial_to_refused: lambda move: move.verdict,
    refused_to_partial: lambda move: move.verdict,
    damage: lambda move: move.verdict,
    newly_allowed: lambda move: move.verdict,
    newly_refused: lambda move: move.verdict,
    errno: lambda move: str(move.errno),
    placement: lambda move: f"{move.verdict} at {move.result}",
}


def move_differences(where: str, a: MoveOutcome, b: MoveOutcome) -> list[Difference]:
    """Return every class of one move that holds, worst first."""
    return [
        Difference(rule.__name__.replace("_", "-"), where, shown(a), shown(b))
        for rule, shown in _SHOWN.items()
        if rule(a, b)
    ]
