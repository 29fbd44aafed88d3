"""Two outcomes of one scenario -> what distinguishes them, worst first (the rules: ``classes``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.units import pages as pages_of
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.difference import Difference, OutcomePair
from mremapcheck.compare.places import NamedPages, cut_at, places
from mremapcheck.scenario.operations import Mremap

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Outcome
    from mremapcheck.scenario.document import Scenario

_RANK = {name: rank for rank, name in enumerate(CLASSES)}


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
    cuts_a, cuts_b = _cuts(scenario, a, b)
    alike = _alike(a, b) - {cut.region for cut in (*cuts_a, *cuts_b)}
    sides = OutcomePair(a, b, (places(a, cuts_a, alike), places(b, cuts_b, alike)))
    of_moves = [difference for each in CLASSES.values() if each.of_move for difference in each.find(sides)]
    of_moves.sort(key=lambda difference: int(difference.where[len("moves[") : -1]))
    anything = next((difference.where for difference in of_moves), None)
    other = next((difference.where for difference in of_moves if difference.class_name != "placement"), None)
    left = [
        replace(difference, follows=anything if each.names_addresses else other)
        for each in CLASSES.values()
        if not each.of_move
        for difference in each.find(sides)
    ]
    return worst_first([*of_moves, *left])


def worst_first(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return differences by their class, those that follow from another one last."""
    return tuple(sorted(found, key=lambda difference: (difference.follows is not None, _RANK[difference.class_name])))


def _alike(a: Outcome, b: Outcome) -> set[str]:
    """Return the regions that were left in the same state: their pages, perhaps a million, need not be compared."""
    return {name for name in a.regions.keys() & b.regions.keys() if _left(a, name) == _left(b, name)}


def _left(outcome: Outcome, name: str) -> tuple[object, ...]:
    mappings = [vma for vma in outcome.mappings if vma.region == name]
    return outcome.regions[name], mappings, [held for held in outcome.contents if held[0] == name]


def _cuts(scenario: Scenario, a: Outcome, b: Outcome) -> tuple[list[NamedPages], list[NamedPages]]:
    """Return where moves went to that ended in different places: that memory is compared by itself."""
    cuts_a: list[NamedPages] = []
    cuts_b: list[NamedPages] = []
    sizes = [pages_of(item.new_size) for item in scenario.script if isinstance(item, Mremap)]
    for index, (pages, move_a, move_b) in enumerate(zip(sizes, a.moves, b.moves, strict=False)):
        if move_a.errno is None and move_b.errno is None and move_a.result != move_b.result:
            cut_a = cut_at(move_a.result, pages, a, f"moves[{index}].result")
            cut_b = cut_at(move_b.result, pages, b, f"moves[{index}].result")
            if cut_a and cut_b:
                cuts_a.append(cut_a)
                cuts_b.append(cut_b)
    return cuts_a, cuts_b
