"""What a move can come to when memory runs out in its middle: the distinct outcomes, and what is lost in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.outcome.complaint import headline
from mremapcheck.outcome.outcome import MoveOutcome, Outcome, RanOut
from mremapcheck.scenario.operations import MREMAP_FIXED, Address, Mremap

#: Whose data a page holds: the letter, and the page of the letter.
_Data = tuple[str, int]
#: Of two drawings that one comes first whose first other mark is the higher.
_BACKWARDS = bytes(range(255, -1, -1))
#: In which order outcomes are told: what succeeds, what fails without a trace, what leaves some.
_ORDER = ("moved", "resized", "unchanged", "duplicated", "refused", "damaged", "partial")


@dataclass(frozen=True, slots=True)
class Losses:
    """``source``: a page of it is neither at its old nor at its new place. ``destination``: what was mapped there is
    gone, though the call failed. ``half_moved``: some of it has moved, though the call failed.
    """

    source: bool = False
    destination: bool = False
    half_moved: bool = False

    def __or__(self, other: Losses) -> Losses:
        return Losses(
            self.source or other.source,
            self.destination or other.destination,
            self.half_moved or other.half_moved,
        )

    def to_json(self) -> dict[str, bool]:
        """Return the three booleans of the ``faults`` report."""
        return {
            "source_lost": self.source,
            "destination_lost": self.destination,
            "half_moved": self.half_moved,
        }


@dataclass(frozen=True, slots=True)
class PossibleOutcome:
    """One thing that a move can come to.

    ``usual``: it is what happens while there is memory. ``ran_out`` are a model's steps that lead to it.
    """

    outcome: Outcome
    losses: Losses = Losses()
    usual: bool = False
    ran_out: tuple[RanOut, ...] = ()

    @property
    def move(self) -> MoveOutcome:
        """The move that memory ran out in."""
        return self.outcome.moves[-1]

    @property
    def regions(self) -> Mapping[str, str]:
        """What is left, drawn."""
        return self.outcome.regions

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it from others."""
        return self.move, tuple(self.regions.items())

    @property
    def place(self) -> tuple[object, ...]:
        """Where it is told among others; of partial moves those first that got less far."""
        far = tuple(drawing.encode().translate(_BACKWARDS) for drawing in self.regions.values())
        return not self.usual, _ORDER.index(self.move.verdict), far, str(self.move), str(self.move.result)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``outcomes`` of the ``faults`` report."""
        return {
            **self.move.to_json(),
            "regions": dict(self.regions),
            "usual": self.usual,
            **self.losses.to_json(),
            "ran_out": [each.to_json() for each in self.ran_out],
        }


@dataclass(slots=True)
class PossibleOutcomes:
    """The distinct outcomes of one move of a scenario. ``index`` counts the scenario's moves; ``before`` is what there
    was before this one.

    ``reports`` are what the kernel complained of meanwhile, by their headlines; ``troubles`` why runs came to nothing.
    """

    index: int
    move: Mremap
    before: Outcome
    reports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    troubles: dict[str, None] = field(default_factory=dict)
    _found: dict[tuple[object, ...], PossibleOutcome] = field(default_factory=dict)

    def add(self, outcome: Outcome, ran_out: RanOut | None) -> None:
        """Take what a run came to; ``ran_out``: where memory ran out in it, None where it did not."""
        self.complain(outcome.kernel_log)
        new = PossibleOutcome(outcome, losses(self.move, self.before, outcome), ran_out is None)
        old = self._found.get(new.key, new)
        steps = dict.fromkeys([*old.ran_out, *([ran_out] if ran_out and ran_out.step else [])])
        self._found[new.key] = PossibleOutcome(old.outcome, new.losses, old.usual or new.usual, tuple(steps))

    def complain(self, log: tuple[str, ...]) -> None:
        """Take what the kernel complained of in a run, if it did."""
        if log:
            self.reports.setdefault(headline(log), log)

    def all(self) -> list[PossibleOutcome]:
        """Return them: first what succeeds, last what has moved most before it failed."""
        return sorted(self._found.values(), key=lambda each: each.place)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``moves`` of the ``faults`` report."""
        return {
            "move": self.index,
            "outcomes": [each.to_json() for each in self.all()],
            **self.losses.to_json(),
            "reports": [list(report) for report in self.reports.values()],
            "troubles": list(self.troubles),
        }

    @property
    def keys(self) -> set[tuple[object, ...]]:
        """What distinguishes each of them."""
        return set(self._found)

    @property
    def losses(self) -> Losses:
        """What is lost in any of them."""
        total = Losses()
        for each in self._found.values():
            total |= each.losses
        return total


def losses(move: Mremap, before: Outcome, after: Outcome) -> Losses:
    """Return what the last move, ``move``, has lost."""
    failed = after.moves[-1].errno is not None
    old, new = page_align(move.old_size) // PAGE, page_align(move.new_size) // PAGE
    held = _data(before)
    left = set(_data(after).values())
    source = _pages(move.old_address, old if failed else min(old, new))
    gone = any(place in held and held[place] not in left for place in source)
    destination = False
    if failed and move.flags & MREMAP_FIXED:
        destination = any(
            _mark(before, *place) != "." and _mark(after, *place) == "." for place in _pages(move.new_address, new)
        )
    return Losses(gone, destination, after.moves[-1].verdict == "partial")


def _data(outcome: Outcome) -> dict[tuple[str, int], _Data]:
    """Return whose data each page holds, by region and page."""
    return {
        (region, start + page): (letter, first + page)
        for region, start, count, letter, first in outcome.contents
        for page in range(count)
    }


def _pages(address: Address, count: int) -> list[tuple[str, int]]:
    if address.region is None:
        return []
    first = address.offset // PAGE
    return [(address.region, page) for page in range(first, first + min(count, 1 << 16))]


def _mark(outcome: Outcome, region: str, page: int) -> str:
    drawing = outcome.regions.get(region, "")
    return drawing[page] if 0 <= page < len(drawing) else "."
