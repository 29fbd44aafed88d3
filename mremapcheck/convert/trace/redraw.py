"""One mremap of a trace -> a scenario's document, and the shape by which two of them are the same.

Drawn are the mappings that the old range covers, those that the new one covers, and the neighbours on both sides, cut
short: they decide whether there is room and what merges. Everything is rebased into regions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mremapcheck.base.units import PAGE, TASK_SIZE, page_align
from mremapcheck.convert.trace.processes import Sighting
from mremapcheck.convert.trace.space import Facts, Segment
from mremapcheck.kinds import KINDS
from mremapcheck.scenario.drawing import compact
from mremapcheck.scenario.flags import format_flags
from mremapcheck.scenario.layout import MARGIN
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE

#: Pages of a neighbour that are drawn.
NEIGHBOUR = 2
#: Longer runs are not touched: writing a tag to each of their pages would take longer than it tells.
TOUCHED = 512
#: Moves whose drawing would be longer are left out (and counted).
MOST_PAGES = 1 << 18

_LETTERS = "ABCDEFGHIJKLMNOPQRSTabcdefghijklmnopqrstuvwxyz"
_TARGET_LETTERS = "XYZUVW"
_ADVISED_PRIVATE = frozenset(("anon", "growsdown", "droppable"))


class TooLargeError(Exception):
    """More pages, or more mappings, than a drawing holds."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A document, and what it was made from: ``shape`` is equal where only sizes differ; ``pages`` are drawn."""

    sighting: Sighting
    document: dict[str, Any]
    shape: object
    pages: int


def redraw(seen: Sighting) -> Drawn:
    """Draw what one mremap of a trace found; raise TooLargeError where that is not possible."""
    sheet = _Sheet()
    for zone in _zones(seen):
        sheet.draw(zone)
    move: dict[str, Any] = {"old_address": sheet.name(seen.old_address), "old_size": _size(seen.old_size)}
    if seen.new_size != seen.old_size:
        move["new_size"] = _size(seen.new_size)
    if _uses_new_address(seen):
        move["new_address"] = sheet.name(seen.new_address)
    move["flags"] = format_flags(seen.flags)
    document: dict[str, Any] = {"map": sheet.drawings}
    if sheet.vmas:
        document["vmas"] = sheet.vmas
    document["moves"] = [*sheet.before, move]
    return Drawn(seen, document, _shape(seen, sheet), sheet.pages)


def fate(seen: Sighting) -> str:
    """Say in a word what the trace shows of the move: an errno, or moved, grown, shrunk, kept, duplicated."""
    if seen.result is None:
        return seen.errno or "failed"
    if page_align(seen.old_size) == 0:
        return "duplicated"
    if seen.result != seen.old_address:
        return "moved"
    old, new = page_align(seen.old_size), page_align(seen.new_size)
    return "kept" if old == new else "grown" if new > old else "shrunk"


@dataclass(slots=True)
class _Zone:
    """A stretch of the real address space that becomes a region; ``[start, end)`` in bytes."""

    name: str
    start: int
    end: int
    segments: list[Segment]


def _zones(seen: Sighting) -> list[_Zone]:
    """Cut out what is drawn: one region, or two where the new place is far from the old one."""
    old_end = seen.old_address + page_align(seen.old_size)
    source = _zone("src", seen.old_address, max(old_end, seen.old_address + PAGE), seen.near)
    moved = seen.result not in (None, seen.old_address)
    if not seen.flags & MREMAP_FIXED and seen.new_size > seen.old_size:
        _draw_room(seen, source, moved)
    if not _uses_new_address(seen) or not _drawable(seen.new_address):
        return [source]
    target = _zone("dst", seen.new_address, seen.new_address + page_align(seen.new_size), seen.there)
    low, high = sorted((source, target), key=lambda zone: zone.start)
    if high.start - low.end > 2 * MARGIN * PAGE:
        return [low, high]
    both = {segment.start: segment for segment in target.segments}
    for segment in source.segments:
        whole = both.get(segment.start)
        if whole is None or whole.end < segment.end:
            both[segment.start] = segment
    return [_Zone("src", low.start, max(low.end, high.end), _without_overlap(both))]


def _without_overlap(segments: dict[int, Segment]) -> list[Segment]:
    """Join what both zones show of one mapping."""
    result: list[Segment] = []
    for _, segment in sorted(segments.items()):
        if result and segment.start < result[-1].end:
            if segment.end <= result[-1].end:
                continue
            segment = segment.cut(result[-1].end, segment.end)
        result.append(segment)
    return result


def _zone(name: str, start: int, end: int, segments: tuple[Segment, ...]) -> _Zone:
    first, last = start - start % PAGE - NEIGHBOUR * PAGE, page_align(end) + NEIGHBOUR * PAGE
    kept = [segment.cut(first, last) for segment in segments if segment.start < last and segment.end > first]
    kept = [segment for segment in kept if segment.end >= start - start % PAGE and segment.start <= page_align(end)]
    bounds = [
        start - start % PAGE,
        page_align(end),
        *(edge for segment in kept for edge in (segment.start, segment.end)),
    ]
    return _Zone(name, min(bounds), max(bounds), kept)


def _draw_room(seen: Sighting, zone: _Zone, moved: bool) -> None:
    """Draw what is behind a mapping that grows: room where it grew in place, what is in its way where it did not."""
    grown = seen.old_address + page_align(seen.new_size)
    blockers = [segment for segment in seen.near if zone.end <= segment.start < grown]
    if blockers:
        start = blockers[0].start
        zone.segments.append(blockers[0].cut(start, start + NEIGHBOUR * PAGE))
        zone.end = zone.segments[-1].end
    blocked = any(seen.old_address + page_align(seen.old_size) <= segment.start < grown for segment in zone.segments)
    ends_inside = any(segment.end > seen.old_address + page_align(seen.old_size) for segment in zone.segments)
    if moved and not blocked and not ends_inside:  # what is in the way was never seen: the kernel mapped it
        unseen = Segment(zone.end, zone.end + PAGE, zone.end, Facts(prot="none", guessed=True))
        zone.segments.append(unseen)
        zone.end = unseen.end


def _drawable(address: int) -> bool:
    return 0x10000 <= address < TASK_SIZE


def _uses_new_address(seen: Sighting) -> bool:
    fixed = MREMAP_FIXED | MREMAP_DONTUNMAP
    return bool(seen.flags & fixed) and bool(seen.new_address or seen.flags & MREMAP_FIXED)


def _shape(seen: Sighting, sheet: _Sheet) -> object:
    """Return what two moves have in common that differ only in sizes: the order of all boundaries, and the facts."""
    ends = [seen.old_address, seen.old_address + seen.old_size]
    if _uses_new_address(seen):
        ends += [seen.new_address, seen.new_address + seen.new_size]
    elif not seen.flags & MREMAP_FIXED:
        ends.append(seen.old_address + seen.new_size)
    edges = sorted({*ends, *(edge for segment in sheet.segments for edge in (segment.start, segment.end))})
    rank = {edge: place for place, edge in enumerate(edges)}
    return (
        seen.flags,
        fate(seen),
        tuple((rank[end], end % PAGE != 0) for end in ends),
        tuple((rank[segment.start], rank[segment.end], _alike(segment.facts)) for segment in sheet.segments),
        len(sheet.before),
    )


def _alike(facts: Facts) -> object:
    return facts.kind, facts.sharing, facts.prot, facts.lock, facts.advice, facts.uffd, facts.seal


@dataclass(slots=True)
class _Sheet:
    """What has been drawn so far."""

    drawings: dict[str, str] = field(default_factory=dict)
    vmas: dict[str, dict[str, Any]] = field(default_factory=dict)
    before: list[dict[str, Any]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    zones: list[_Zone] = field(default_factory=list)
    pages: int = 0
    _letters: Iterator[str] = field(default_factory=lambda: iter(_LETTERS))
    _targets: Iterator[str] = field(default_factory=lambda: iter(_TARGET_LETTERS))

    def draw(self, zone: _Zone) -> None:
        drawing = ""
        position = zone.start
        previous: Segment | None = None
        apart: list[tuple[str, str, Segment]] = []
        for segment in zone.segments:
            drawing += "." * ((segment.start - position) // PAGE)
            letter = self._letter(zone)
            pages = (segment.end - segment.start) // PAGE
            if self.pages + pages + len(drawing) > MOST_PAGES:
                raise TooLargeError(f"more than {MOST_PAGES} pages")
            if previous and _met_later(previous, segment):
                apart.append((letter, letter * pages, segment))
                letter = "."
            elif described := _describe(segment, pages):
                self.vmas[letter] = described
            drawing += letter * pages
            position = segment.end
            previous = segment
        drawing += "." * ((zone.end - position) // PAGE)
        self.zones.append(zone)
        self.segments += zone.segments
        self.pages += len(drawing)
        self.drawings[zone.name] = compact(drawing)
        for letter, pages_drawn, segment in apart:
            self._bring(letter, pages_drawn, segment)

    def name(self, address: int) -> str:
        """Return an address as the scenario has it; one that no region is near to stays what it is where it may."""
        for zone in self.zones:
            if zone.start <= address <= zone.end:
                offset = address - zone.start
                pages, rest = divmod(offset, PAGE)
                return zone.name + (f"+{pages}p" if pages else "") + (f"+{rest}B" if rest else "")
        if _drawable(address):
            raise TooLargeError("an address far from every mapping")
        return hex(address)

    def _bring(self, letter: str, drawing: str, segment: Segment) -> None:
        """Two mappings that met after both were touched do not merge: map the second one far away and move it there."""
        region = f"far{len(self.before) + 1}" if self.before else "far"
        self.drawings[region] = compact(drawing)
        self.pages += len(drawing)
        if described := _describe(segment, len(drawing)):
            self.vmas[letter] = described
        move = {"old_address": region, "old_size": f"{len(drawing)}p", "new_address": self.name(segment.start)}
        self.before.append({**move, "flags": format_flags(MREMAP_MAYMOVE | MREMAP_FIXED)})

    def _letter(self, zone: _Zone) -> str:
        letter = (zone.name == "dst" and next(self._targets, "")) or next(self._letters, "")
        if not letter:
            raise TooLargeError("more mappings than letters")
        return letter


def _met_later(left: Segment, right: Segment) -> bool:
    return (
        left.end == right.start
        and left.facts == right.facts
        and left.facts.kind == "anon"
        and left.facts.prot != "none"
        and not left.continues(right)
    )


def _describe(segment: Segment, pages: int) -> dict[str, Any]:
    """Return the entry of ``vmas`` for a mapping; empty for what a letter is anyway."""
    facts = segment.facts
    kind = KINDS[facts.kind]
    entry: dict[str, Any] = {}
    if facts.kind != "anon":
        entry["kind"] = facts.kind
    if facts.sharing != kind.sharing[0] and facts.sharing in kind.sharing:
        entry["sharing"] = facts.sharing
    if facts.prot != "rw":
        entry["prot"] = facts.prot
    if kind.file and facts.object:
        entry["file"] = facts.object
    if kind.offset and facts.kind != "dev-zero" and segment.offset:
        entry["offset"] = _size(segment.offset)
    if kind.touched and (pages > TOUCHED or (facts.prot in ("none", "r", "rx") and facts.kind != "anon")):
        entry["touch"] = False
    if facts.prot == "none":
        entry["touch"] = False
    if facts.lock:
        entry["lock"] = True if facts.lock == "true" else facts.lock
    if facts.uffd:
        entry["uffd"] = facts.uffd
    advice = [name for name in facts.advice if name != "wipeonfork" or facts.kind in _ADVISED_PRIVATE]
    if advice:
        entry["advice"] = advice[0] if len(advice) == 1 else advice
    if facts.seal:
        entry["seal"] = True
    return entry


def _size(size: int) -> str:
    if size % PAGE == 0:
        return f"{size // PAGE}p"
    return f"{size}B"
