"""What is left behind, page by page, so that two outcomes can be laid side by side.

A place is a region, or where a move went to if the kernel was free to choose and the two sides chose differently: that
one is cut out of its region on both sides and compared by itself, under the name ``moves[i].result``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from mremapcheck.base.dataclass import dataclass
from mremapcheck.scenario.kinds import NO_OFFSET

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import MappingOutcome, Outcome


class Page(NamedTuple):
    """One mapped page: what the drawing shows, which page of its letter it is (None: unknown), its mapping's facts."""

    mark: str
    number: int | None
    facts: tuple[object, ...]
    #: A mapping begins here.
    first: bool


class NamedPages(NamedTuple):
    """Pages of a region that are compared under a name of their own; ``start`` and ``pages`` in pages."""

    name: str
    region: str
    start: int
    pages: int


@dataclass(slots=True)
class PlaceContent:
    """The pages of one place by their number, counted from its start."""

    pages: dict[int, Page] = field(default_factory=dict)

    def drawing(self, start: int = 0) -> str:
        """Draw it as an outcome does; where ``start`` is before the place's own, say so: ``-2p: AAB``."""
        drawn = "".join(
            self.pages[n].mark if n in self.pages else "." for n in range(start, max(self.pages, default=-1) + 1)
        )
        return f"{start}p: {drawn or '.'}" if start < 0 else drawn

    @property
    def contents(self) -> str:
        """Say exactly which page of which letter each page holds: ``0:A1``."""
        return " ".join(
            f"{n}:{page.mark}{'' if page.number is None else page.number}" for n, page in sorted(self.pages.items())
        )

    def layout(self, facts: Iterable[int]) -> str:
        """Name its mappings as ``start+pages``, each followed by those of its facts (by index)."""
        facts = sorted(facts)
        mappings: list[list[int]] = []  # first page and length of each
        for n, page in sorted(self.pages.items()):
            if not mappings or page.first or n - 1 not in self.pages:
                mappings.append([n, 0])
            mappings[-1][1] = n + 1 - mappings[-1][0]
        texts = [
            " ".join([f"{begin}+{length}", *(_word(self.pages[begin].facts[index]) for index in facts)])
            for begin, length in mappings
        ]
        return (", " if facts else " ").join(texts)


def _word(fact: object) -> str:
    if isinstance(fact, int):
        return f"at {fact}p"  # of the file or object
    return ",".join(map(str, fact)) or "no flags" if isinstance(fact, tuple) else str(fact)


def places(outcome: Outcome, cuts: Sequence[NamedPages], without: Set[str] = frozenset()) -> dict[str, PlaceContent]:
    """Return every place of the outcome but the regions ``without``, the cuts as places of their own."""
    found = {region: PlaceContent() for region in outcome.regions if region not in without}
    numbers = {
        (region, start + n): (letter, first + n)
        for region, start, pages, letter, first in outcome.contents
        if region not in without
        for n in range(pages)
    }
    for region, n, facts, begins in _mapped(outcome, without):
        drawing = outcome.regions.get(region, "")
        letter, number = numbers.get((region, n), ("_", None))
        mark = drawing[n] if 0 <= n < len(drawing) else letter
        found.setdefault(region, PlaceContent()).pages[n] = Page(mark, number, facts, begins)
    for cut in cuts:
        source = found[cut.region].pages
        taken = {n - cut.start: source.pop(n) for n in range(cut.start, cut.start + cut.pages) if n in source}
        if 0 in taken:
            taken[0] = taken[0]._replace(first=True)
        found[cut.name] = PlaceContent(taken)
    return found


def _mapped(outcome: Outcome, without: Set[str]) -> Iterator[tuple[str, int, tuple[object, ...], bool]]:
    """Yield the mapped pages: as the mappings tell, or from the drawing alone where an outcome has no mappings."""
    told = set(without)
    for vma in outcome.mappings:
        if vma.region in without:
            continue
        told.add(vma.region)
        for n in range(vma.pages):
            yield vma.region, vma.start + n, _facts(vma, n), n == 0
    for region, drawing in outcome.regions.items():
        if region not in told:
            for n, mark in enumerate(drawing):
                if mark != ".":
                    yield region, n, (), False


def _facts(vma: MappingOutcome, n: int) -> tuple[object, ...]:
    offset = 0 if vma.backing in NO_OFFSET else vma.offset + n
    return vma.prot, vma.sharing, vma.backing, offset, vma.flags, f"pkey {vma.pkey}"


def cut_at(result: str | None, pages: int, outcome: Outcome, name: str) -> NamedPages | None:
    """Return where a move went to as a cut; None for an address that is not in any region."""
    if result is None:
        return None
    for region in sorted(outcome.regions, key=len, reverse=True):
        if result == region:
            return NamedPages(name, region, 0, pages)
        rest = result[len(region) :]
        if result.startswith(region) and rest[0] in "+-" and rest.endswith("p") and rest[1:-1].isdigit():
            return NamedPages(name, region, int(rest[:-1]), pages)
    return None
