"""One mremap of a trace -> a scenario's document, and the shape by which two of them are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from mremapcheck.base.units import PAGE, TASK_SIZE, page_align
from mremapcheck.convert.strace.processes import TracedMove, extent
from mremapcheck.convert.strace.shape import met_later, shape
from mremapcheck.convert.strace.space import HUGE, MappingFacts, Segment
from mremapcheck.convert.strace.zones import Zone, Zones, cut_out, drawable, used_address
from mremapcheck.scenario.drawing import LONGEST_RUN
from mremapcheck.scenario.flags import format_flags
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.operations import MREMAP_FIXED, MREMAP_MAYMOVE

#: Longer runs are not touched: writing a tag to each of their pages would take longer than it tells.
TOUCHED = 512
#: All pages of a drawing together; more have to be drawn smaller.
MOST_PAGES = (1 << 20) - 4096
#: No size of a scenario is larger, in bytes.
LARGEST = 4 << 30
#: What is too large is drawn with stretches of about so many bytes.
_LONGEST = 256 << 20
#: An empty region with more pages is drawn as one page: what is beyond a drawing is free anyway.
_EMPTY = 1 << 16

_LETTERS = "ABCDEFGHIJKLMNOPQRSTabcdefghijklmnopqrstuvwxyz"
_TARGET_LETTERS = "XYZUVW"
_ADVISED_PRIVATE = frozenset(("anon", "growsdown", "droppable"))


class UndrawableError(Exception):
    """What a drawing cannot hold."""


@dataclass(frozen=True, slots=True)
class DrawingStyle:
    """How a traced move is drawn where there is a choice; ``notes`` say it to the reader.

    ``longest``: long stretches are cut to about so many bytes. ``untouched``: nothing is written to before the moves.
    ``apart``: mappings that differ in what cannot be drawn are kept apart by another attribute. ``kinds``: to draw
    instead of others. ``process``: conditions. ``seal`` and ``lock``: what the call met was sealed, or locked.
    ``lost``: what an earlier call may have unmapped that failed is gone. ``one``: the old range is all one mapping,
    which an earlier call may have moved there that failed. ``split``: the old and the new place are regions of their
    own, without what lies between them. ``low``: a new address that programs have no memory at is an ordinary place.
    """

    notes: tuple[str, ...] = ()
    longest: int = 0
    untouched: bool = False
    apart: bool = False
    seal: bool = False
    lock: bool = False
    lost: bool = False
    one: bool = False
    split: bool = False
    low: bool = False
    kinds: tuple[tuple[str, str], ...] = ()
    process: tuple[tuple[str, Any], ...] = ()


PLAIN = DrawingStyle()


class Sketch(NamedTuple):
    """A traced move cut out of its address space: ``shape`` is equal where only sizes differ; ``size`` in bytes."""

    seen: TracedMove
    cut: Zones
    shape: object
    size: int


def sketch(seen: TracedMove) -> Sketch:
    """Cut out what one mremap found."""
    cut = cut_out(seen)
    size = sum(zone.end - zone.start for zone in cut.zones if zone.segments or zone.end - zone.start <= _EMPTY * PAGE)
    return Sketch(seen, cut, shape(seen, cut), size)


def draw(made: Sketch, style: DrawingStyle = PLAIN) -> dict[str, Any]:
    """Return the document, without words and expectations; raise UndrawableError where there can be none."""
    seen = made.seen
    zones = (cut_out(seen, style.split, style.low) if style.split or style.low else made.cut).zones
    if is_smaller(made, style):
        seen, zones = _smaller(seen, zones, style.longest or _LONGEST)
    facts = [segment.facts for zone in zones for segment in zone.segments]
    if style.lost:
        zones = [replace(zone, segments=[part for part in zone.segments if not part.facts.doubt]) for zone in zones]
    if style.one:
        zones = [_as_one(zone, seen.old_address, seen.old_address + extent(seen.old_size)) for zone in zones]
    sheet = _DocumentBuilder(style, forked=any(each.inherited for each in facts))
    for zone in zones:
        sheet.draw(zone)
    move: dict[str, Any] = {"old_address": sheet.name(seen, seen.old_address), "old_size": _size(seen.old_size)}
    if seen.new_size != seen.old_size:
        move["new_size"] = _size(seen.new_size)
    if (new := used_address(seen)) is not None:
        move["new_address"] = sheet.name(seen, new)
    move["flags"] = format_flags(seen.flags)
    document: dict[str, Any] = {"map": sheet.drawings}
    if sheet.vmas:
        document["vmas"] = sheet.vmas
    process = dict(style.process) | ({"fork": True} if sheet.forked else {})
    if process:
        document["process"] = process
    truncated = [] if is_smaller(made, style) else list(sheet.truncated(seen))
    document["moves"] = [*sheet.before, *sheet.after, *truncated, move]
    return document


def _as_one(zone: Zone, start: int, end: int) -> Zone:
    """Draw what begins at ``start`` up to ``end``, in the place of whatever else is there."""
    first = next((part for part in zone.segments if part.start <= start < part.end), None)
    if first is None:
        return zone
    before = [part for part in zone.segments if part.end <= start]
    behind = [part.cut(end, part.end) for part in zone.segments if part.end > end and part is not first]
    return replace(zone, segments=[*before, first._replace(end=max(end, first.end)), *behind], end=max(end, zone.end))


def is_smaller(made: Sketch, style: DrawingStyle) -> bool:
    """Tell whether the drawing is smaller than what was seen."""
    large = made.size // PAGE > MOST_PAGES or any(
        LARGEST < size < TASK_SIZE for size in (made.seen.old_size, made.seen.new_size)
    )
    return bool(style.longest) or large


def _smaller(seen: TracedMove, zones: Sequence[Zone], longest: int) -> tuple[TracedMove, list[Zone]]:
    """Cut every long stretch to about ``longest`` bytes, in both zones alike, keeping what huge pages depend on.

    Nothing that decides what the call does depends on lengths as such, only on what meets what.
    """
    old, new = seen.old_address, used_address(seen)
    bases = [old] if new is None or len(zones) == 1 else [old, new]
    edges = {0, extent(seen.old_size), extent(seen.new_size)}
    if len(zones) == 1 and new is not None and drawable(seen, new):
        edges |= {new - old, new - old + extent(seen.new_size)}
    owner = {
        id(zone): base for zone, base in zip(sorted(zones, key=lambda zone: zone.start), sorted(bases), strict=False)
    }
    for zone in zones:
        base = owner[id(zone)]
        edges |= {edge - base for segment in zone.segments for edge in (segment.start, segment.end)}
        edges |= {zone.start - base, zone.end - base}
    place: dict[int, int] = {}
    shift, before = 0, min(edges)
    for edge in sorted(edges):
        gap = edge - before
        if gap > longest + HUGE:
            shift += gap - longest - gap % HUGE
        place[edge] = edge - shift
        before = edge
    zero = place[0]

    def at(base: int, address: int) -> int:
        return base + place[address - base] - zero

    def length(size: int) -> int:
        aligned = extent(size)
        return place[aligned] - zero - (aligned - size) if aligned else size

    smaller = []
    for zone in zones:
        base = owner[id(zone)]
        segments = [
            Segment(at(base, part.start), at(base, part.end), part.offset, part.facts) for part in zone.segments
        ]
        smaller.append(Zone(zone.name, at(base, zone.start), at(base, zone.end), segments))
    moved = new
    if len(zones) == 1 and new is not None and drawable(seen, new):
        moved = at(old, new)
    result = seen._replace(old_size=length(seen.old_size), new_size=length(seen.new_size), new_address=moved)
    return result, smaller


@dataclass(slots=True)
class _DocumentBuilder:
    """What has been drawn so far."""

    style: DrawingStyle
    #: The moves are a child's, whose parent had locked something: what a child does not inherit it does itself.
    forked: bool = False
    drawings: dict[str, Any] = field(default_factory=dict)
    vmas: dict[str, dict[str, Any]] = field(default_factory=dict)
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    _used: dict[str, tuple[MappingFacts, dict[str, Any]]] = field(default_factory=dict)
    #: File -> a letter that maps it, where it can be truncated.
    _files: dict[str, str] = field(default_factory=dict)
    _letters: Iterator[str] = field(default_factory=lambda: iter(_LETTERS))
    _targets: Iterator[str] = field(default_factory=lambda: iter(_TARGET_LETTERS))

    def draw(self, zone: Zone) -> None:
        runs: list[tuple[str, int]] = []
        position = zone.start
        previous: Segment | None = None
        met: list[tuple[str, Segment]] = []
        apart = False
        kinds = dict(self.style.kinds)
        for segment in zone.segments:
            if segment.facts.kind in kinds:
                kind = kinds[segment.facts.kind]
                facts = replace(segment.facts, kind=kind, sharing=_sharing(segment.facts.sharing, kind))
                segment = segment._replace(facts=facts)
            runs.append((".", (segment.start - position) // PAGE))
            pages = (segment.end - segment.start) // PAGE
            apart ^= self.style.apart and previous is not None and segment.facts.undrawn != previous.facts.undrawn
            described = self._describe(segment, pages, apart)
            letter = self._letter(zone, segment.facts, described, runs)
            if previous and met_later(previous, segment) and not self.style.untouched:
                met.append((letter, segment))
                runs.append((".", pages))
            else:
                runs.append((letter, pages))
            if described:
                self.vmas[letter] = described
            if KINDS[segment.facts.kind].regular:
                self._files[segment.facts.object] = letter
            if self.forked:
                self._redo(zone, segment)
            elif segment.facts.lock and "guard-install" in segment.facts.advice:
                self._lock(zone, segment)
            position = segment.end
            previous = segment
        rest = (zone.end - position) // PAGE
        runs.append((".", rest if zone.segments or rest <= _EMPTY else 1))
        self.zones.append(zone)
        text = _drawing(runs)
        huge = any(segment.facts.page == HUGE for segment in zone.segments)
        self.drawings[zone.name] = (
            {"pages": text, "align": "2M", **({"offset": _size(zone.start % HUGE)} if zone.start % HUGE else {})}
            if huge
            else text
        )
        for letter, segment in met:
            self._bring(letter, segment)

    def _lock(self, zone: Zone, segment: Segment) -> None:
        """Lock it behind all that is done to it: pages that are locked do not become guards, but the reverse.

        mlock(2) fails at a guard, when all is locked.
        """
        facts = segment.facts
        lock: dict[str, Any] = {"op": "mlock", **_where(zone, segment)}
        if facts.lock == "on-fault":
            lock["lock"] = facts.lock
        elif "guard-install" in facts.advice:
            lock["errno"] = "ENOMEM"
        self.after.append(lock)

    def _redo(self, zone: Zone, segment: Segment) -> None:
        """Have the child do what it does not inherit."""
        facts = segment.facts
        where = _where(zone, segment)
        if facts.lock:
            self._lock(zone, segment)
        if facts.uffd:
            self.after.append({"op": "uffd-register", **where, "mode": facts.uffd})
        if "dontfork" in facts.advice:
            self.after.append({"op": "madvise", **where, "advice": "dontfork"})
            if facts.seal:
                self.after.append({"op": "mseal", **where})

    def name(self, seen: TracedMove, address: int) -> str:
        """Return an address as the scenario has it; one that no region is near to stays what it is where it may."""
        for zone in self.zones:
            if zone.start <= address <= zone.end:
                offset = address - zone.start
                pages, rest = divmod(offset, PAGE)
                return zone.name + (f"+{pages}p" if pages else "") + (f"+{rest}B" if rest else "")
        if drawable(seen, address):
            raise UndrawableError("an address far from every mapping")
        return hex(address)

    def truncated(self, seen: TracedMove) -> Iterator[dict[str, Any]]:
        """Give files the length that ftruncate(2) gave them, where their mappings, or what they grow to, need another.

        What write(2) has added since is not in a trace.
        """
        end = seen.old_address - seen.old_address % PAGE + extent(seen.old_size)
        more = extent(seen.new_size) - extent(seen.old_size)
        for name, length in seen.lengths:
            parts = [part for zone in self.zones for part in zone.segments if part.facts.object == name]
            needed = max([part.offset + part.end - part.start for part in parts], default=0)
            grown = max(
                [part.offset + end - part.start + more for part in parts if part.start < end <= part.end], default=0
            )
            wanted = min(page_align(length), max(needed, grown))
            if name in self._files and 0 < wanted != needed:
                yield {"op": "truncate", "letter": self._files[name], "size": _size(wanted)}

    def _bring(self, letter: str, segment: Segment) -> None:
        """Two mappings that met after both were touched do not merge: map the second one far away and move it there."""
        region = f"far{len(self.before) + 1}" if self.before else "far"
        pages = (segment.end - segment.start) // PAGE
        self.drawings[region] = _drawing([(letter, pages)])
        zone = next(zone for zone in self.zones if zone.start <= segment.start <= zone.end)
        place = (segment.start - zone.start) // PAGE
        at = zone.name + (f"+{place}p" if place else "")
        move = {"old_address": region, "old_size": f"{pages}p", "new_address": at}
        self.before.append({**move, "flags": format_flags(MREMAP_MAYMOVE | MREMAP_FIXED)})

    def _letter(self, zone: Zone, facts: MappingFacts, described: dict[str, Any], runs: list[tuple[str, int]]) -> str:
        """Return a letter of its own; where there are no more, that of a mapping that is the same and apart."""
        letter = (zone.name == "dst" and next(self._targets, "")) or next(self._letters, "")
        if not letter:
            last = next((name for name, pages in reversed(runs) if pages), "")
            alike = (name for name, used in self._used.items() if used == (facts, described) and name != last)
            letter = next(alike, "")
        if not letter:
            raise UndrawableError("more different mappings than letters")
        self._used[letter] = facts, described
        return letter

    def _describe(self, segment: Segment, pages: int, apart: bool) -> dict[str, Any]:
        """Return the entry of ``vmas`` for a mapping; empty for what a letter is anyway.

        ``apart``: it does not merge with its neighbours, for a reason that the format has no words for.
        """
        facts, style = segment.facts, self.style
        kind = KINDS[facts.kind]
        entry: dict[str, Any] = {}
        if facts.kind != "anon":
            entry["kind"] = facts.kind
        if facts.sharing != kind.sharing[0] and facts.sharing in kind.sharing:
            entry["sharing"] = facts.sharing
        if facts.prot != "rw":
            entry["prot"] = facts.prot
        entry.update(_file(segment))
        quiet = pages > TOUCHED or facts.prot == "none" or (facts.prot in ("r", "rx") and facts.kind != "anon")
        if kind.touched and (quiet or style.untouched):
            entry["touch"] = False
        lock = facts.inherited if self.forked else facts.lock
        guarded = "guard-install" in facts.advice  # is locked later, see _lock
        if (lock and not guarded) or style.lock:
            entry["lock"] = "on-fault" if lock == "on-fault" else True
        if facts.uffd and not self.forked:
            entry["uffd"] = facts.uffd
        advice = [name for name in facts.advice if name != "wipeonfork" or facts.kind in _ADVISED_PRIVATE]
        if self.forked and "dontfork" in advice:
            advice.remove("dontfork")
        if apart and "dontdump" not in advice:
            advice.append("dontdump")
        if advice:
            entry["advice"] = advice[0] if len(advice) == 1 else advice
        if (facts.seal or style.seal) and not (self.forked and "dontfork" in facts.advice):
            entry["seal"] = True
        if facts.name:
            entry["name"] = facts.name
        entry.update({word: True for word in facts.how if kind.takes_flags})
        if facts.pkey and kind.backing.access is None:
            entry["pkey"] = facts.pkey
        return entry


def _file(segment: Segment) -> dict[str, Any]:
    """Return what is said of the file that is mapped."""
    facts, kind = segment.facts, KINDS[segment.facts.kind]
    entry: dict[str, Any] = {}
    if kind.file and facts.object:
        entry["file"] = facts.object
    if facts.readonly and kind.regular:
        entry["readonly"] = True
    if facts.seals and kind.sealable:
        entry["seals"] = list(facts.seals)
    if kind.offset and facts.kind != "dev-zero" and segment.offset:
        entry["offset"] = _size(segment.offset)
    return entry


def _where(zone: Zone, segment: Segment) -> dict[str, str]:
    """Return which range a mapping is, as operations name it."""
    place = (segment.start - zone.start) // PAGE
    return {"address": zone.name + (f"+{place}p" if place else ""), "size": _size(segment.end - segment.start)}


def _sharing(sharing: str, kind: str) -> str:
    return sharing if sharing in KINDS[kind].sharing else KINDS[kind].sharing[0]


def _drawing(runs: Sequence[tuple[str, int]]) -> str:
    return "".join(
        [f"{letter}{{{pages}}}" if pages > LONGEST_RUN else letter * max(pages, 0) for letter, pages in runs]
    )


def _size(size: int) -> str:
    if size > LARGEST:
        return f"{size:#x}B"
    return f"{size // PAGE}p" if size % PAGE == 0 else f"{size}B"
