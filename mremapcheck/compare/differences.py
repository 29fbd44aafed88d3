"""Two outcomes of one scenario -> what distinguishes them, worst first (the rules: ``classes``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.units import pages as pages_of
from mremapcheck.compare.classes import CLASSES, Difference, move_differences
from mremapcheck.compare.places import Cut, Place, cut_at, places
from mremapcheck.outcome.outcome import events_text
from mremapcheck.scenario.operations import Mremap

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Outcome
    from mremapcheck.scenario.document import Scenario

_RANK = {kind: rank for rank, kind in enumerate(CLASSES)}


def differences(scenario: Scenario, a: Outcome, b: Outcome) -> tuple[Difference, ...]:
    """Return every difference between two outcomes of ``scenario``; none if and only if the same was observed.

    Those that follow from another one come last. Raises MremapcheckError where the outcomes are not of one scenario.
    """
    if a == b:
        return ()
    if len(a.moves) != len(b.moves):
        raise MremapcheckError(
            f"{scenario.name}: one side made {len(a.moves)} moves and the other {len(b.moves)}: not the same scenario"
        )
    found: list[Difference] = []
    cuts_a: list[Cut] = []
    cuts_b: list[Cut] = []
    sizes = [pages_of(item.new_size) for item in scenario.script if isinstance(item, Mremap)]
    for index, (move_a, move_b) in enumerate(zip(a.moves, b.moves, strict=True)):
        where = f"moves[{index}]"
        found += move_differences(where, move_a, move_b)
        if move_a.errno is None and move_b.errno is None and move_a.result != move_b.result and index < len(sizes):
            cut_a = cut_at(move_a.result, sizes[index], a, f"{where}.result")
            cut_b = cut_at(move_b.result, sizes[index], b, f"{where}.result")
            if cut_a and cut_b:
                cuts_a.append(cut_a)
                cuts_b.append(cut_b)
    other = next((difference.where for difference in found if difference.kind != "placement"), None)
    anything = found[0].where if found else None
    left = [*_left_behind(places(a, cuts_a), places(b, cuts_b)), *_counters(a, b)]
    found += [replace(difference, follows=other) for difference in left]
    if a.events != b.events:
        found.append(Difference("events", "events", events_text(a.events), events_text(b.events), anything))
    return worst_first(found)


def worst_first(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return differences by their class, those that follow from another one last."""
    return tuple(sorted(found, key=lambda difference: (difference.follows is not None, _RANK[difference.kind])))


def _left_behind(a: Mapping[str, Place], b: Mapping[str, Place]) -> Iterator[Difference]:
    for name in [*a, *(name for name in b if name not in a)]:
        place_a, place_b = a.get(name, Place()), b.get(name, Place())
        where = name if "." in name else f"regions.{name}"
        pages_a, pages_b = place_a.pages, place_b.pages
        both = pages_a.keys() & pages_b.keys()
        seen = [n for n in both if "?" not in (pages_a[n].mark, pages_b[n].mark)]
        if pages_a.keys() != pages_b.keys() or any(pages_a[n].mark != pages_b[n].mark for n in seen):
            yield Difference("contents", where, place_a.drawing, place_b.drawing)
        elif any(_numbers_differ(pages_a[n].number, pages_b[n].number) for n in seen):
            yield Difference("contents", where, place_a.contents, place_b.contents)
        unlike = {
            index
            for n in both
            for index, (one, two) in enumerate(zip(pages_a[n].facts, pages_b[n].facts, strict=False))
            if one != two
        }
        if unlike or any(n - 1 in both and pages_a[n].first != pages_b[n].first for n in both):
            order = sorted(unlike)
            yield Difference(
                "layout", f"layout.{where.removeprefix('regions.')}", place_a.layout(order), place_b.layout(order)
            )


def _numbers_differ(a: int | None, b: int | None) -> bool:
    return a is not None and b is not None and a != b


def _counters(a: Outcome, b: Outcome) -> Iterator[Difference]:
    for counter in sorted(a.counters.keys() & b.counters.keys()):
        one, two = a.counters[counter], b.counters[counter]
        if one - _explained(counter, a) != two - _explained(counter, b):
            yield Difference("counters", f"counters.{counter}", f"{one}p", f"{two}p")


def _explained(counter: str, outcome: Outcome) -> int:
    """Return how many pages of a counter the mappings account for: what is beyond that has leaked, or is missing."""
    if counter == "total":
        return sum(vma.pages for vma in outcome.mappings)
    return sum(vma.pages for vma in outcome.mappings if counter in vma.flags)
