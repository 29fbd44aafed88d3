"""The classes of difference that a move itself shows: by its verdict, its errno and where it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mremapcheck.compare.difference import Difference, DifferenceClass, OutcomePair

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import MoveOutcome


def _verdict(move: MoveOutcome) -> str:
    return move.verdict


def _of_moves(
    name: str,
    about: str,
    rule: Callable[[MoveOutcome, MoveOutcome], bool],
    shown: Callable[[MoveOutcome], str] = _verdict,
) -> DifferenceClass:
    """Return the class whose rule holds for a pair of moves; ``shown`` is what it shows of one."""

    def find(sides: OutcomePair) -> Iterator[Difference]:
        for index, (a, b) in enumerate(zip(sides.a.moves, sides.b.moves, strict=True)):
            if rule(a, b):
                yield Difference(name, f"moves[{index}]", shown(a), shown(b))

    return DifferenceClass(name, about, name, find, of_move=True)


PARTIAL_TO_REFUSED = _of_moves(
    "partial-to-refused",
    "A fails after some mappings have moved, B fails before anything has happened",
    lambda a, b: a.verdict == "partial" and b.verdict == "refused",
)
REFUSED_TO_PARTIAL = _of_moves(
    "refused-to-partial",
    "A fails before anything has happened, B fails after some mappings have moved",
    lambda a, b: a.verdict == "refused" and b.verdict == "partial",
)
NEWLY_DAMAGED = _of_moves(
    "newly-damaged",
    "B fails and has lost the destination or a tail of the source, A has not",
    lambda a, b: b.verdict == "damaged" != a.verdict,
)
NO_LONGER_DAMAGED = _of_moves(
    "no-longer-damaged",
    "A fails and has lost the destination or a tail of the source, B has not",
    lambda a, b: a.verdict == "damaged" != b.verdict,
)
NEWLY_ALLOWED = _of_moves("newly-allowed", "A fails, B succeeds", lambda a, b: a.errno is not None and b.errno is None)
NEWLY_REFUSED = _of_moves(
    "newly-refused",
    "A succeeds, B fails, with or without having done something",
    lambda a, b: a.errno is None and b.errno is not None,
)
ERRNO = _of_moves(
    "errno",
    "both fail, with different errnos",
    lambda a, b: a.errno is not None and b.errno is not None and a.errno != b.errno,
    lambda move: str(move.errno),
)


def _other_place(a: MoveOutcome, b: MoveOutcome) -> bool:
    """Tell whether both succeed and return different addresses, or the same one by other means.

    Which of several places of the kernel's choice it is makes no difference.
    """
    if a.errno is not None or b.errno is not None:
        return False
    return _place(a.result) != _place(b.result) or a.verdict != b.verdict


def _place(result: str | None) -> str:
    place = result or "?"
    return "elsewhere" if place.rstrip("0123456789") == "elsewhere" else place


PLACEMENT = _of_moves(
    "placement",
    "both succeed and return different addresses, or the same one by other means",
    _other_place,
    lambda move: f"{move.verdict} at {move.result}",
)
