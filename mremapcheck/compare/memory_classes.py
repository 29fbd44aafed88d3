"""The classes of difference that the memory shows afterwards: pages, mappings, counters, events.

They differ wherever a move did something else; what they say then follows from that move. So that one fact is told
once, ``layout`` only speaks of pages that are mapped on both sides, and ``counters`` of what the mappings do not
explain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mremapcheck.compare.difference import Difference, DifferenceClass, OutcomePair
from mremapcheck.compare.places import PlaceContent
from mremapcheck.outcome.outcome import events_text

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Outcome


def _pairs(sides: OutcomePair) -> Iterator[tuple[str, PlaceContent, PlaceContent]]:
    a, b = sides.places
    for name in [*a, *(name for name in b if name not in a)]:
        yield name, a.get(name, PlaceContent()), b.get(name, PlaceContent())


def _contents(sides: OutcomePair) -> Iterator[Difference]:
    for name, a, b in _pairs(sides):
        where = name if "." in name else f"regions.{name}"
        both = a.pages.keys() & b.pages.keys()
        seen = [n for n in both if "?" not in (a.pages[n].mark, b.pages[n].mark)]
        if a.pages.keys() != b.pages.keys() or any(a.pages[n].mark != b.pages[n].mark for n in seen):
            start = min([0, *a.pages, *b.pages])
            one, two = a.drawing(start), b.drawing(start)
            if one != two:  # mappings that overlap, as no kernel has them, are drawn alike
                yield Difference("contents", where, one, two)
        elif any(_numbers_differ(a.pages[n].number, b.pages[n].number) for n in seen):
            yield Difference("contents", where, a.contents, b.contents)


def _numbers_differ(a: int | None, b: int | None) -> bool:
    return a is not None and b is not None and a != b


def _layout(sides: OutcomePair) -> Iterator[Difference]:
    for name, a, b in _pairs(sides):
        both = a.pages.keys() & b.pages.keys()
        differing = {
            index
            for n in both
            for index, (one, two) in enumerate(zip(a.pages[n].facts, b.pages[n].facts, strict=False))
            if one != two
        }
        if differing or any(n - 1 in both and a.pages[n].first != b.pages[n].first for n in both):
            order = sorted(differing)
            yield Difference("layout", f"layout.{name}", a.layout(order), b.layout(order))


def _counters(sides: OutcomePair) -> Iterator[Difference]:
    a, b = sides.a, sides.b
    for counter in sorted(a.counters.keys() & b.counters.keys()):
        one, two = a.counters[counter], b.counters[counter]
        explained = _explained(counter, a), _explained(counter, b)
        if one - explained[0] != two - explained[1]:
            text, other = f"{one}p", f"{two}p"
            if one == two:
                text, other = (f"{one}p where the mappings have {pages}p" for pages in explained)
            yield Difference("counters", f"counters.{counter}", text, other)


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
        for region in a.keys() & b.keys():
            both = list(zip(a[region], b[region], strict=False))
            if any(one != two and "." not in (one, two) for one, two in both):
                yield Difference("bits", f"bits.{bit}.{region}", a[region], b[region])


CONTENTS = DifferenceClass(
    "contents", "other pages are mapped, or they hold other data", "other pages in {}", _contents
)
LAYOUT = DifferenceClass(
    "layout",
    "the same pages in mappings with other boundaries, protections or flags",
    "other mappings in {}",
    _layout,
)
BITS = DifferenceClass(
    "bits", "the same pages with other bits in their page table entries: uffd-wp, soft-dirty", "other bits in {}", _bits
)
COUNTERS = DifferenceClass(
    "counters", "more or fewer pages are counted than the mappings explain", "another count of {} pages", _counters
)
EVENTS = DifferenceClass(
    "events", "a userfaultfd is told other events", "other userfaultfd events", _events, names_addresses=True
)
