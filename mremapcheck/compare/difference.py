"""What one difference is, and what every class of difference declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.compare.places import PlaceContent

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that distinguishes two outcomes; ``class_name`` names its class, ``a`` and ``b`` what each side shows.

    ``follows`` names the difference (its ``where``) that this one is a consequence of. ``cause``: ids of the changes
    that make it, None where nobody looked or none was found.
    """

    class_name: str
    where: str
    a: str
    b: str
    follows: str | None = None
    cause: tuple[str, ...] | None = None

    def __str__(self) -> str:
        place = self.where.removeprefix("regions.").removeprefix(f"{self.class_name}.")
        return f"{self.class_name}{'' if place == self.class_name else f' {place}'}: {self.a} -> {self.b}"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``differences`` of the ``compare`` report."""
        return {
            "class": self.class_name,
            "where": self.where,
            "a": self.a,
            "b": self.b,
            "follows": self.follows,
            "cause": None if self.cause is None else list(self.cause),
        }


@dataclass(frozen=True, slots=True)
class OutcomePair:
    """Two outcomes of one scenario; ``places`` of both: what each page holds, and where, after the moves."""

    a: Outcome
    b: Outcome
    places: tuple[Mapping[str, PlaceContent], Mapping[str, PlaceContent]] = field(default_factory=lambda: ({}, {}))


@dataclass(frozen=True, slots=True)
class DifferenceClass:
    """A class of difference.

    ``about`` explains the name in a few words; ``words`` say it of the places where it was found, ``{}`` being those.
    ``find`` yields what there is of it between two outcomes; the two sides of what it yields never print alike.

    ``of_move``: it is about what a move did, not about what is left behind.
    ``names_addresses``: what it shows changes with the place that a kernel chose, and follows from it.
    """

    name: str
    about: str
    words: str
    find: Callable[[OutcomePair], Iterator[Difference]]
    of_move: bool = False
    names_addresses: bool = False
