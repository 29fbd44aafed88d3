"""An address space as a trace tells it: which call mapped what where, and what was done to it since.

Three things can be known of a page: that it is mapped, that it is a hole (it was unmapped), or nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from mremapcheck.base.units import PAGE, page_align

#: Bytes of a huge page: what maps one is rounded to it by every call.
HUGE = 2 << 20
_HUGE_KINDS = frozenset(("hugetlb", "memfd-hugetlb"))


@dataclass(frozen=True, slots=True)
class MappingFacts:
    """What makes a mapping what it is, besides its place; the words are those of the scenario format.

    ``object``: mappings of the same file or shared memory have the same; empty for private memory. ``advice`` are the
    lasting ones, sorted. ``how``: flags of mmap(2) that it keeps. ``undrawn``: what the format has no words for.
    ``inherited``: how it was locked before a fork; the child's is not, but does not merge with what never was.
    ``readonly``: shared memory of a file that is open for reading only. ``seals``: those that a memfd had by then.
    ``guessed``: nobody saw it being mapped (the kernel did, or it was there before the trace). ``unnamed``: the trace
    shows only the number of the file's descriptor. ``doubt``: the line of a call that failed, and may have moved or
    unmapped some of it.
    """

    kind: str = "anon"
    sharing: str = "private"
    prot: str = "rw"
    object: str = ""
    lock: str = ""
    advice: tuple[str, ...] = ()
    uffd: str = ""
    seal: bool = False
    name: str = ""
    how: tuple[str, ...] = ()
    pkey: int = 0
    undrawn: tuple[str, ...] = ()
    inherited: str = ""
    readonly: bool = False
    seals: tuple[str, ...] = ()
    guessed: bool = field(default=False, compare=False)
    unnamed: bool = field(default=False, compare=False)
    doubt: int = field(default=0, compare=False)
    #: All that two mappings have in common that are drawn alike.
    look: tuple[Any, ...] = field(init=False, compare=False, repr=False)
    #: How large its pages are, in bytes.
    page: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "page", HUGE if self.kind in _HUGE_KINDS else PAGE)
        made = (self.kind, self.sharing, self.prot, self.how, self.readonly, self.seals)
        done = (self.lock, self.advice, self.uffd, self.seal, bool(self.name), self.pkey, self.undrawn, self.inherited)
        object.__setattr__(self, "look", (*made, *done, self.guessed, bool(self.doubt)))


#: What a hole is made of.
HOLE = MappingFacts("hole")


class Segment(NamedTuple):
    """Bytes ``[start, end)`` that are alike; ``offset`` in bytes into the object.

    Private memory has an offset too, as in the kernel: the address at which it was mapped first, which it takes along
    when it moves. Two neighbours can be one mapping only if their offsets go on.
    """

    start: int
    end: int
    offset: int
    facts: MappingFacts

    def cut(self, start: int, end: int) -> Segment:
        """Return what lies within ``[start, end)``."""
        first = self.start if self.start > start else start
        return Segment(first, self.end if self.end < end else end, self.offset + first - self.start, self.facts)

    def continues(self, other: Segment) -> bool:
        """Tell whether the kernel could make this one and the ``other`` one behind it a single mapping."""
        return (
            self.end == other.start
            and (self.facts is HOLE or self.offset + self.end - self.start == other.offset)
            and (self.facts is other.facts or self.facts == other.facts)
        )

    def joined(self, other: Segment) -> Segment:
        """Return this one and the one that continues it as one."""
        facts = self.facts
        if other.facts is not facts and (other.facts.guessed, other.facts.doubt) != (facts.guessed, facts.doubt):
            facts = replace(
                facts, guessed=facts.guessed or other.facts.guessed, doubt=max(facts.doubt, other.facts.doubt)
            )
        return Segment(self.start, other.end, self.offset, facts)


class OpenFile(NamedTuple):
    """What open(2) has given a descriptor for: in which line of the trace, the path that it was asked for."""

    line: int
    path: str
    readonly: bool


class Descriptors:
    """The descriptors of a process, as far as the trace has seen them being made.

    ``files`` are those of open(2). ``watched``: a userfaultfd -> the address space that it is about, which stays that
    of whoever made it when a child inherits it.
    """

    __slots__ = ("_opened", "files", "watched")

    def __init__(self) -> None:
        self.files: dict[int, OpenFile] = {}
        self.watched: dict[int, AddressSpace] = {}
        self._opened: dict[tuple[str, bool], dict[object, int]] = {}

    def inherited(self) -> Descriptors:
        """Return those of a forked child."""
        child = Descriptors()
        child.files, child.watched, child._opened = dict(self.files), dict(self.watched), self._opened
        return child

    def opening(self, name: str, readonly: bool, key: object) -> int:
        """Return which one it is, from 1, of the times that a file was opened: they are not one mapping's."""
        known = self._opened.setdefault((name, readonly), {})
        return known.setdefault(key, len(known) + 1)


class AddressSpace:
    """The segments of one process, in address order, none overlapping another, those that continue each other joined.

    ``brk``: where the heap ends, in bytes; 0 where unknown. ``locking``: how everything is locked that is mapped from
    now on (``mlockall``). ``whole``: the trace begins with the program, so what is not there is free but for what the
    kernel itself has mapped. ``bits``: 32 or 64.
    """

    __slots__ = ("_starts", "bits", "brk", "descriptors", "locking", "segments", "whole")

    def __init__(self, segments: Sequence[Segment] = (), brk: int = 0, whole: bool = False) -> None:
        self.segments = list(segments)
        self._starts = [segment.start for segment in segments]
        self.brk = brk
        self.locking = ""
        self.whole = whole
        self.bits = 64
        self.descriptors = Descriptors()

    def forked(self) -> AddressSpace:
        """Return what a forked child has: the same without locks, and without what was advised to stay behind."""
        kept = []
        for segment in self.segments:
            facts = segment.facts
            if "dontfork" in facts.advice:
                kept.append(segment._replace(facts=HOLE))
            elif facts.lock or facts.uffd:
                kept.append(segment._replace(facts=replace(facts, lock="", uffd="", inherited=facts.lock)))
            else:
                kept.append(segment)
        child = AddressSpace(kept, self.brk, self.whole)
        child.bits = self.bits
        child.descriptors = self.descriptors.inherited()
        return child

    def around(self, start: int, end: int) -> list[Segment]:
        """Return the mapped segments that overlap ``[start, end)`` or touch it."""
        first, last = self._span(start - 1, end + 1)
        return [segment for segment in self.segments[first:last] if segment.facts is not HOLE]

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, MappingFacts | None]]:
        """Yield what lies within ``[start, end)``, without a gap: (start, end, facts); None where nothing is known."""
        first, last = self._span(start, end)
        position = start
        for segment in self.segments[first:last]:
            if segment.start > position:
                yield position, segment.start, None
            yield max(segment.start, start), min(segment.end, end), segment.facts
            position = segment.end
        if position < end:
            yield position, end, None

    def at(self, address: int) -> Segment | None:
        """Return the mapping of an address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        segment = self.segments[index]
        return segment if segment.end > address and segment.facts is not HOLE else None

    def map(self, start: int, size: int, offset: int, facts: MappingFacts) -> None:
        """Put a mapping there; what was there before is gone."""
        size = -(-size // facts.page) * facts.page
        if size > 0:
            self._put(start, start + size, [Segment(start, start + size, offset, facts)])

    def unmap(self, start: int, size: int) -> None:
        """Take everything away between ``start`` and ``start + size``, rounded up to pages."""
        end = start + page_align(size)
        if end > start:
            self._put(start, end, [Segment(start, end, 0, HOLE)])

    def change(self, start: int, size: int, edit: Callable[[MappingFacts], MappingFacts]) -> None:
        """Change the facts of every mapped byte of the range."""
        end = start + page_align(size)
        first, last = self._span(start, end)
        parts = []
        for segment in self.segments[first:last]:
            part = segment.cut(start, end)
            parts.append(part if part.facts is HOLE else part._replace(facts=edit(part.facts)))
        for part in parts:
            self._put(part.start, part.end, [part])

    def change_all(self, edit: Callable[[MappingFacts], MappingFacts]) -> None:
        """Change the facts of everything that is mapped."""
        for segment in list(self.segments):
            if segment.facts is not HOLE:
                self._put(segment.start, segment.end, [segment._replace(facts=edit(segment.facts))])

    def assume(self, start: int, size: int, *, alike: bool = False, holes: bool = False) -> None:
        """Fill what nothing is known of with private memory, because a call proves that it is mapped.

        ``alike``: it is one mapping with what lies before or behind it. ``holes``: also what is known to be unmapped;
        the trace must have missed that it was mapped again.
        """
        end = start + page_align(size)
        before = self.at(start - 1)
        gaps = []
        known: list[Segment] = []
        for low, high, facts in self.pieces(start, end):
            if facts is None or (facts is HOLE and holes):
                gaps.append((low, high))
            elif facts is not HOLE:
                known.append(Segment(low, high, 0, facts))
        for low, high in gaps:
            left = self.at(low - 1) if alike and (low > start or (before and before.facts.guessed)) else None
            right = next((segment for segment in known if segment.start == high), None) if alike else None
            if left is not None:
                facts, offset = left.facts, left.offset + low - left.start
            elif right is not None and (whole := self.at(right.start)):
                facts, offset = whole.facts, max(whole.offset + low - whole.start, 0)
            else:
                facts, offset = MappingFacts(), low
            self._put(low, high, [Segment(low, high, offset, replace(facts, guessed=True))])

    def move(self, old: int, old_size: int, new: int, new_size: int, keep: bool) -> None:
        """Do what a mremap did that succeeded; ``keep``: the old mapping stays, as with MREMAP_DONTUNMAP."""
        source = self.at(old)
        page = source.facts.page if source else PAGE
        old_size, new_size = -(-old_size // page) * page, -(-new_size // page) * page
        if old_size == 0:  # the same memory a second time
            if source:
                self.map(new, new_size, source.offset + old - source.start, source.facts)
            return
        if new == old:
            self._resize(old, old_size, new_size)
            return
        first, last = self._span(old, old + min(old_size, new_size))
        taken = [segment.cut(old, old + min(old_size, new_size)) for segment in self.segments[first:last]]
        taken = [segment for segment in taken if segment.facts is not HOLE]
        if old_size != new_size:  # else holes leave what lies at the new place (6.17)
            self.unmap(new, new_size)
        if keep:
            self.change(old, old_size, lambda facts: replace(facts, lock=""))
        else:
            self.unmap(old, old_size)
        for segment in taken:
            start = segment.start - old + new
            self._put(
                start,
                start + segment.end - segment.start,
                [segment._replace(start=start, end=start + segment.end - segment.start)],
            )
        if taken and new_size > old_size:
            self._resize(new, old_size, new_size)

    def _resize(self, start: int, old_size: int, new_size: int) -> None:
        if new_size < old_size:
            self.unmap(start + new_size, old_size - new_size)
        elif new_size > old_size and (last := self.at(start + old_size - 1)):
            grown = start + old_size
            self.map(grown, new_size - old_size, last.offset + grown - last.start, last.facts)

    def _put(self, start: int, end: int, parts: list[Segment]) -> None:
        """Have ``parts`` in place of what lies within ``[start, end)``."""
        first, last = self._span(start, end)
        segments = self.segments
        if first < last:
            head, tail = segments[first], segments[last - 1]
            if head.start < start:
                parts = [head.cut(head.start, start), *parts]
            if tail.end > end:
                parts = [*parts, tail.cut(end, tail.end)]
        if first and segments[first - 1].end == start:
            first -= 1
            parts = [segments[first], *parts]
        if last < len(segments) and segments[last].start == end:
            parts = [*parts, segments[last]]
            last += 1
        joined = []
        last_part = parts[0]
        for part in parts[1:]:
            if last_part.continues(part):
                last_part = last_part.joined(part)
            else:
                joined.append(last_part)
                last_part = part
        joined.append(last_part)
        segments[first:last] = joined
        self._starts[first:last] = [part.start for part in joined]

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """Return which segments overlap ``[start, end)``, as a slice."""
        first = bisect_right(self._starts, start)
        if first and self.segments[first - 1].end > start:
            first -= 1
        return first, max(first, bisect_left(self._starts, end))
