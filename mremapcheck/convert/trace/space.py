"""An address space as a trace tells it: which call mapped what where, and what was done to it since."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from mremapcheck.base.units import PAGE, page_align


@dataclass(frozen=True, slots=True)
class Facts:
    """What makes a mapping what it is, besides its place; the words are those of the scenario format.

    ``object``: mappings of the same file or shared memory have the same; empty for private memory. ``advice`` are the
    lasting ones, sorted. ``guessed``: nobody saw it being mapped (the kernel did, or it was there before the trace).
    """

    kind: str = "anon"
    sharing: str = "private"
    prot: str = "rw"
    object: str = ""
    lock: str = ""
    advice: tuple[str, ...] = ()
    uffd: str = ""
    seal: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes ``[start, end)`` that are alike; ``offset`` in bytes into the object.

    Private memory has an offset too, as in the kernel: the address at which it was mapped first, which it takes along
    when it moves. Two neighbours can be one mapping only if their offsets go on.
    """

    start: int
    end: int
    offset: int
    facts: Facts

    def cut(self, start: int, end: int) -> Segment:
        """Return what lies within ``[start, end)``."""
        first = max(self.start, start)
        return Segment(first, min(self.end, end), self.offset + first - self.start, self.facts)

    def continues(self, other: Segment) -> bool:
        """Tell whether the kernel could make this one and the ``other`` one behind it a single mapping."""
        return (
            self.end == other.start
            and self.facts == other.facts
            and self.offset + self.end - self.start == other.offset
        )


@dataclass(slots=True)
class Space:
    """The segments of one process, in address order, none overlapping another."""

    segments: list[Segment] = field(default_factory=list)
    brk: int = 0

    def copy(self) -> Space:
        """Return what a forked child has: the same without locks, and without what was advised to stay behind."""
        kept = [
            replace(segment, facts=replace(segment.facts, lock="", uffd=""))
            for segment in self.segments
            if "dontfork" not in segment.facts.advice
        ]
        return Space(kept, self.brk)

    def around(self, start: int, end: int) -> Iterator[Segment]:
        """Yield the segments that overlap ``[start, end)``, and those that touch it, joined where they are alike."""
        joined: Segment | None = None
        for segment in self._overlapping(start - 1, end + 1):
            if joined and joined.continues(segment):
                joined = replace(joined, end=segment.end)
                continue
            if joined:
                yield joined
            joined = segment
        if joined:
            yield joined

    def map(self, start: int, size: int, offset: int, facts: Facts) -> None:
        """Put a mapping there; what was there before is gone."""
        self.unmap(start, size)
        end = start + page_align(size)
        if end > start:
            self.segments.insert(self._index(start), Segment(start, end, offset, facts))

    def unmap(self, start: int, size: int) -> None:
        """Take everything away between ``start`` and ``start + size``, rounded up to pages."""
        end = start + page_align(size)
        first, last = self._span(start, end)
        left = [segment.cut(segment.start, start) for segment in self.segments[first:last] if segment.start < start]
        right = [segment.cut(end, segment.end) for segment in self.segments[first:last] if segment.end > end]
        self.segments[first:last] = left + right

    def change(self, start: int, size: int, edit: Callable[[Facts], Facts]) -> None:
        """Change the facts of every mapped byte of the range."""
        end = start + page_align(size)
        first, last = self._span(start, end)
        changed: list[Segment] = []
        for segment in self.segments[first:last]:
            inside = segment.cut(start, end)
            parts = (
                segment.cut(segment.start, start) if segment.start < start else None,
                replace(inside, facts=edit(inside.facts)),
                segment.cut(end, segment.end) if segment.end > end else None,
            )
            changed += [part for part in parts if part]
        self.segments[first:last] = changed

    def assume(self, start: int, size: int) -> None:
        """Fill what is not known to be mapped with private memory, because a call that succeeded proves that it is."""
        end = start + page_align(size)
        position = start
        for segment in [*self._overlapping(start, end), Segment(end, end, 0, Facts())]:
            if segment.start > position:
                self.map(position, segment.start - position, position, Facts(guessed=True))
            position = max(position, segment.end)

    def move(self, old: int, old_size: int, new: int, new_size: int, keep: bool) -> None:
        """Do what a mremap did that succeeded; ``keep``: the old mapping stays, as with MREMAP_DONTUNMAP."""
        old_size, new_size = page_align(old_size), page_align(new_size)
        if old_size == 0:  # the same memory a second time
            source = next(self._overlapping(old, old + 1), None)
            if source:
                self.map(new, new_size, source.cut(old, source.end).offset, source.facts)
            return
        if new == old:
            self._resize(old, old_size, new_size)
            return
        taken = [segment.cut(old, old + min(old_size, new_size)) for segment in self._overlapping(old, old + old_size)]
        taken = [segment for segment in taken if segment.end > segment.start]
        self.unmap(new, new_size)
        if keep:
            self.change(old, old_size, lambda facts: replace(facts, lock=""))
        else:
            self.unmap(old, old_size)
        for segment in taken:
            self.map(segment.start - old + new, segment.end - segment.start, segment.offset, segment.facts)
        if taken and new_size > old_size:
            self._resize(new, old_size, new_size)

    def _resize(self, start: int, old_size: int, new_size: int) -> None:
        if new_size < old_size:
            self.unmap(start + new_size, old_size - new_size)
        elif last := next(self._overlapping(start + old_size - 1, start + old_size), None):
            grown = start + old_size
            self.map(grown, new_size - old_size, last.offset + grown - last.start, last.facts)

    def _overlapping(self, start: int, end: int) -> Iterator[Segment]:
        first, last = self._span(start, end)
        yield from self.segments[first:last]

    def _span(self, start: int, end: int) -> tuple[int, int]:
        first = bisect_right(self.segments, start, key=lambda segment: segment.end)
        return first, max(first, bisect_left(self.segments, end, key=lambda segment: segment.start))

    def _index(self, start: int) -> int:
        return bisect_left(self.segments, start, key=lambda segment: segment.start)


def pages_of(segments: Iterable[Segment]) -> int:
    """Return how many pages segments have together."""
    return sum(segment.end - segment.start for segment in segments) // PAGE
