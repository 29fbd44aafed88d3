"""The classes of difference, worst first. A class is one entry in CLASSES, with its rule above.

A move may show several (a call that destroyed its destination and now succeeds is ``no-longer-damaged`` and
``newly-allowed``); the worst comes first and is the class by which the scenario is counted. What is left behind is
listed too, marked as following from that move, so that a reader can pass over it and nothing is silent.

A page that one side could not observe (``?``) is no difference, as long as both have it mapped. A place that the
kernel was free to choose is compared by what it holds; that it is another place is ``placement``. Kernel logs and
residency are not compared: they are shown, but only some executors have them.

What the memory shows follows from what a move did. So that one fact is told once, ``layout`` only speaks of pages that
are mapped on both sides, and ``counters`` of what the mappings do not explain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from mremapcheck.compare.difference import Difference, DifferenceClass, OutcomePair
from mremapcheck.compare.places import PageRun, PlaceContent, on_both
from mremapcheck.outcome.outcome import events_text, pages_more

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import MoveOutcome, Outcome


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


def _pairs(sides: OutcomePair) -> Iterator[tuple[str, PlaceContent, PlaceContent]]:
    a, b = sides.places
    for name in [*a, *(name for name in b if name not in a)]:
        yield name, a.get(name, PlaceContent()), b.get(name, PlaceContent())


def _contents(sides: OutcomePair) -> Iterator[Difference]:
    for name, a, b in _pairs(sides):
        where = name if "." in name else f"regions.{name}"
        both = [(one, two) for one, two in on_both(a, b) if (one.marks, one.number) != (two.marks, two.number)]
        if a.stretches != b.stretches or any(_seen_differ(one.marks, two.marks) for one, two in both):
            start = min(0, a.start, b.start)
            one, two = a.drawing(start), b.drawing(start)
            if one != two:  # a drawing that contradicts its mappings, as only a file has it
                yield Difference("contents", where, one, two)
        elif any(_numbers_differ(one, two) for one, two in both):
            yield Difference("contents", where, a.contents, b.contents)


def _seen_differ(a: str, b: str) -> bool:
    return a != b and any(one != two and "?" not in (one, two) for one, two in zip(a, b, strict=True))


def _numbers_differ(a: PageRun, b: PageRun) -> bool:
    if a.number is None or b.number is None or a.number == b.number:
        return False
    return any("?" not in marks for marks in zip(a.marks, b.marks, strict=True))


def _layout(sides: OutcomePair) -> Iterator[Difference]:
    for name, a, b in _pairs(sides):
        differing = set()
        boundary = False
        end = None
        for one, two in on_both(a, b):
            differing |= {
                index for index, facts in enumerate(zip(one.facts, two.facts, strict=False)) if len(set(facts)) > 1
            }
            boundary = boundary or (one.start == end and one.first != two.first)
            end = one.end
        if differing or boundary:
            yield Difference("layout", f"layout.{name}", a.layout(differing), b.layout(differing))


def _counters(sides: OutcomePair) -> Iterator[Difference]:
    yield from _committed(sides)
    a, b = sides.a, sides.b
    for counter in sorted(a.counters.keys() & b.counters.keys()):
        one, two = a.counters[counter], b.counters[counter]
        explained = _explained(counter, a), _explained(counter, b)
        if one - explained[0] != two - explained[1]:
            text, other = f"{one}p", f"{two}p"
            if one == two:
                text, other = (f"{one}p where the mappings have {pages}p" for pages in explained)
            yield Difference("counters", f"counters.{counter}", text, other)


def _committed(sides: OutcomePair) -> Iterator[Difference]:
    """Compare by how much each move that did the same changed Committed_AS, where both sides have measured it."""
    for index, (a, b) in enumerate(zip(sides.a.moves, sides.b.moves, strict=True)):
        one, two = a.committed, b.committed
        if one is not None and two is not None and one != two:
            yield Difference("counters", f"moves[{index}].committed", pages_more(one), pages_more(two))


def _explained(counter: str, outcome: Outcome) -> int:
    """Return how many pages of a counter the mappings account for: what is beyond that has leaked, or is missing."""
    if counter == "total":
        return sum(vma.pages for vma in outcome.mappings)
    return sum(vma.pages for vma in outcome.mappings if counter in vma.flags)


def _events(sides: OutcomePair) -> Iterator[Difference]:
    one, two = events_text(sides.a.events), events_text(sides.b.events)
    if one != two:
        yield Difference("events", "events", one, two)


def _bits(sides: OutcomePair) -> Iterator[Difference]:
    """Compare the bits of pages that are mapped on both sides."""
    for bit in sorted(sides.a.bits.keys() & sides.b.bits.keys()):
        a, b = sides.a.bits[bit], sides.b.bits[bit]
        for region in (name for name in a if name in b):
            both = list(zip(a[region], b[region], strict=False))
            if any(one != two and "." not in (one, two) for one, two in both):
                yield Difference("bits", f"bits.{bit}.{region}", a[region], b[region])


#: By name, worst first; the first of a scenario's differences in this order is its class.
CLASSES: Mapping[str, DifferenceClass] = {
    each.name: each
    for each in (
        _of_moves(
            "partial-to-refused",
            "A fails after some mappings have moved, B fails before anything has happened",
            lambda a, b: a.verdict == "partial" and b.verdict == "refused",
        ),
        _of_moves(
            "refused-to-partial",
            "A fails before anything has happened, B fails after some mappings have moved",
            lambda a, b: a.verdict == "refused" and b.verdict == "partial",
        ),
        _of_moves(
            "newly-damaged",
            "B fails and has lost the destination or a tail of the source, A has not",
            lambda a, b: b.verdict == "damaged" != a.verdict,
        ),
        _of_moves(
            "no-longer-damaged",
            "A fails and has lost the destination or a tail of the source, B has not",
            lambda a, b: a.verdict == "damaged" != b.verdict,
        ),
        _of_moves("newly-allowed", "A fails, B succeeds", lambda a, b: a.errno is not None and b.errno is None),
        _of_moves(
            "newly-refused",
            "A succeeds, B fails, with or without having done something",
            lambda a, b: a.errno is None and b.errno is not None,
        ),
        _of_moves(
            "errno",
            "both fail, with different errnos",
            lambda a, b: a.errno is not None and b.errno is not None and a.errno != b.errno,
            lambda move: str(move.errno),
        ),
        DifferenceClass("contents", "other pages are mapped, or they hold other data", "other pages in {}", _contents),
        DifferenceClass(
            "layout",
            "the same pages in mappings with other boundaries, protections or flags",
            "other mappings in {}",
            _layout,
        ),
        DifferenceClass(
            "bits",
            "the same pages with other bits in their page table entries: uffd-wp, soft-dirty",
            "other bits: {}",
            _bits,
        ),
        DifferenceClass(
            "counters",
            "more or fewer pages are counted than the mappings explain",
            "another count of {} pages",
            _counters,
        ),
        DifferenceClass(
            "events", "a userfaultfd is told other events", "other userfaultfd events", _events, names_addresses=True
        ),
        _of_moves(
            "placement",
            "both succeed and return different addresses, or the same one by other means",
            _other_place,
            lambda move: f"{move.verdict} at {move.result}",
        ),
    )
}
