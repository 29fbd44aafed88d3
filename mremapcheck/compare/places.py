"""What is left behind, so that two outcomes can be laid side by side: runs of pages, for one may have a million.

A place is a region, or where a move went to if the kernel was free to choose and the two sides chose differently: that
one is cut out of its region on both sides and compared by itself, under the name ``moves[i].result``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from mremapcheck.base.dataclass import dataclass
from mremapcheck.scenario.kinds import NO_OFFSET

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Outcome


#: More pages than there are in any address space.
_FAR = 1 << 64


class PageRun(NamedTuple):
    """Mapped pages in a row of one mapping that hold one letter's pages in order; ``start`` in pages from the place's.

    ``marks``: what the drawing shows, a character a page. ``number``: which page of its letter the first one is (None:
    unknown). ``facts``: the mapping's, or none: protection, sharing, backing, the first page's offset in pages, flags,
    protection key.
    """

    start: int
    marks: str
    number: int | None
    facts: tuple[object, ...]
    #: Each page has an offset of its own: else all have 0.
    counted: bool
    #: A mapping begins here.
    first: bool

    @property
    def end(self) -> int:
        """The page after the last one."""
        return self.start + len(self.marks)

    def part(self, start: int, end: int) -> PageRun:
        """Return the pages from ``start`` to ``end``, which the run has."""
        if (start, end) == (self.start, self.end):
            return self
        skipped = start - self.start
        return self._replace(
            start=start,
            marks=self.marks[skipped : end - self.start],
            number=None if self.number is None else self.number + skipped,
            facts=_advanced(self.facts, skipped) if self.counted else self.facts,
            first=self.first and not skipped,
        )


class NamedPages(NamedTuple):
    """Pages of a region that are compared under a name of their own; ``start`` and ``pages`` in pages."""

    name: str
    region: str
    start: int
    pages: int


@dataclass(slots=True)
class PlaceContent:
    """The mapped pages of one place, in order."""

    runs: list[PageRun] = field(default_factory=list)

    @property
    def start(self) -> int:
        """The first page; 0 where there is none."""
        return self.runs[0].start if self.runs else 0

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Where anything is mapped, as (start, end) with a hole before the next."""
        found: list[tuple[int, int]] = []
        for run in self.runs:
            start = found.pop()[0] if found and found[-1][1] == run.start else run.start
            found.append((start, run.end))
        return found

    def drawing(self, start: int = 0) -> str:
        """Draw it as an outcome does; where ``start`` is before the place's own, say so: ``-2p: AAB``."""
        parts = []
        at = start
        for run in self.runs:
            parts += ["." * (run.start - at), run.marks]
            at = run.end
        drawn = "".join(parts)
        return f"{start}p: {drawn or '.' * -start}" if start < 0 else drawn

    @property
    def contents(self) -> str:
        """Say exactly which page of which letter each page holds: ``0:A1``; ``0+3:A1`` is it and the next two."""
        said = []
        for run in self.runs:
            for found in re.finditer(r"(.)\1*", run.marks):
                place = f"{run.start + found.start()}{f'+{len(found[0])}' if len(found[0]) > 1 else ''}"
                number = "" if run.number is None else run.number + found.start()
                said.append(f"{place}:{found[1]}{number}")
        return " ".join(said)

    def layout(self, facts: Iterable[int]) -> str:
        """Name its mappings as ``start+pages``, each followed by those of its facts (by index)."""
        facts = sorted(facts)
        mappings: list[tuple[PageRun, int]] = []  # its first run, and its end
        for run in self.runs:
            if mappings and mappings[-1][1] == run.start and not run.first:
                mappings[-1] = mappings[-1][0], run.end
            else:
                mappings.append((run, run.end))
        texts = [
            " ".join([f"{run.start}+{end - run.start}", *(_word(run.facts[index]) for index in facts)])
            for run, end in mappings
        ]
        return (", " if facts else " ").join(texts)

    def cut(self, start: int, end: int) -> PlaceContent:
        """Take the pages from ``start`` to ``end`` out, and return them as a place that begins there."""
        kept, taken = [], []
        for run in self.runs:
            low, high = min(max(run.start, start), run.end), max(min(run.end, end), run.start)
            if low >= high:
                kept.append(run)
                continue
            kept += [run.part(*sides) for sides in ((run.start, low), (high, run.end)) if sides[0] < sides[1]]
            part = run.part(low, high)
            taken.append(part._replace(start=low - start, first=part.first or low == start))
        self.runs = kept
        return PlaceContent(taken)


def _word(fact: object) -> str:
    if isinstance(fact, int):
        return f"at {fact}p"  # of the file or object
    return ",".join(map(str, fact)) or "no flags" if isinstance(fact, tuple) else str(fact)


def on_both(a: PlaceContent, b: PlaceContent) -> Iterator[tuple[PageRun, PageRun]]:
    """Yield the pages that both have mapped, in parts that are a run on either side."""
    ones, others = iter(a.runs), iter(b.runs)
    one, other = next(ones, None), next(others, None)
    while one and other:
        start, end = max(one.start, other.start), min(one.end, other.end)
        if start < end:
            yield one.part(start, end), other.part(start, end)
        if one.end == end:
            one = next(ones, None)
        if other.end == end:
            other = next(others, None)


def places(outcome: Outcome, cuts: Sequence[NamedPages], without: Set[str] = frozenset()) -> dict[str, PlaceContent]:
    """Return every place of the outcome but the regions ``without``, the cuts as places of their own."""
    held = defaultdict(list)
    for region, *run in outcome.contents:
        held[region].append(run)
    found = {region: PlaceContent() for region in outcome.regions if region not in without}
    for region, mapped in _mapped(outcome, without).items():
        runs = _with_pages(
            sorted(mapped, key=lambda run: run.start), sorted(held[region]), outcome.regions.get(region, "")
        )
        found[region] = PlaceContent(list(runs))
    for cut in cuts:
        found[cut.name] = found[cut.region].cut(cut.start, cut.start + cut.pages)
    return found


def _mapped(outcome: Outcome, without: Set[str]) -> dict[str, list[PageRun]]:
    """Return what is mapped: as the mappings tell, or from the drawing alone where an outcome has no mappings."""
    found = defaultdict(list)
    for vma in outcome.mappings:
        if vma.region not in without:
            counted = vma.backing not in NO_OFFSET
            facts = (vma.prot, vma.sharing, vma.backing, vma.offset if counted else 0, vma.flags, f"pkey {vma.pkey}")
            found[vma.region].append(PageRun(vma.start, "_" * vma.pages, None, facts, counted, first=True))
    for region, drawing in outcome.regions.items():
        if region not in found and region not in without:
            for part in re.finditer(r"[^.]+", drawing):
                found[region].append(PageRun(part.start(), part[0], None, (), counted=False, first=False))
    return found


def _with_pages(mapped: Iterable[PageRun], held: Sequence[Sequence[Any]], drawing: str) -> Iterator[PageRun]:
    """Yield the runs with what their pages hold: ``held`` has (start, pages, letter, first page of it), all in order.

    No kernel has two mappings or two letters in one place: of what a file says of such a place the first is taken.
    """
    index, told = 0, -_FAR
    for run in mapped:
        start = max(run.start, told)
        while start < run.end:
            while index < len(held) and held[index][0] + held[index][1] <= start:
                index += 1
            begin, pages, letter, number = held[index] if index < len(held) else (_FAR, 0, "_", 0)
            if begin <= start:
                end = min(run.end, begin + pages)
                yield run.part(start, end)._replace(
                    marks=_marks(drawing, start, end, letter), number=number + start - begin
                )
            else:
                end = min(run.end, begin)
                yield run.part(start, end)._replace(marks=_marks(drawing, start, end, "_"))
            start = end
        told = max(told, run.end)


def _marks(drawing: str, start: int, end: int, letter: str) -> str:
    """Return what is drawn from ``start`` to ``end``: outside of the drawing, the letter."""
    before = min(max(-start, 0), end - start)
    inside = drawing[max(start, 0) : max(end, 0)]
    return letter * before + inside + letter * (end - start - before - len(inside))


def _advanced(facts: tuple[object, ...], pages: int) -> tuple[object, ...]:
    """Return the facts of a mapping as they are so many pages further on."""
    prot, sharing, backing, offset, *others = facts
    assert isinstance(offset, int)
    return prot, sharing, backing, offset + pages, *others


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
