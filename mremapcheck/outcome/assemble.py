"""From raw facts to an Outcome: absolute addresses become region addresses, pages become drawings.

Every executor hands over its facts, and ``assemble`` alone decides how an outcome looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field, replace

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.outcome.outcome import MappingOutcome, MoveOutcome, Outcome
from mremapcheck.outcome.verdict import SeenVma, Snapshot, judge
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Address, Mremap, chosen_range

#: Pages of a mapping from which on it is searched for the few that something is known of.
_LARGE = 4096

#: A uffd event as executors record it: ("remap", from, to, length) or ("unmap", start, end), in bytes.
RawEvent = tuple[str, int, int, int] | tuple[str, int, int]


@dataclass(slots=True)
class RawMove:
    """One mremap call: ``errno`` by name or None, the address returned, and the arena around it.

    ``committed``: pages that Committed_AS grew by, None where it was not measured.
    """

    move: Mremap
    errno: str | None
    result: int
    before: Snapshot
    after: Snapshot
    committed: int | None = None

    def agrees(self, other: RawMove) -> bool:
        """Tell whether it is sure to have the same outcome; False says nothing."""
        mine = self.errno, self.result, self.before, self.after, self.committed
        return mine == (other.errno, other.result, other.before, other.after, other.committed)


@dataclass(slots=True)
class RawFacts:
    """What an executor saw of a scenario.

    ``vmas`` in address order: those in the arena, and those at places that the kernel chose, cropped to what
    ``chosen_places`` names. ``present``: page numbers that the page tables had. ``contents``: page number ->
    (letter, page of the letter), or a reason (str) why it could not be read; pages without any letter's data are left
    out. ``locked`` and ``total`` in pages beyond what the empty arena costs. ``bits``: name of a bit of page table
    entries -> the pages that have it.
    """

    scenario: Scenario
    moves: list[RawMove]
    vmas: Sequence[SeenVma]
    present: Set[int]
    contents: Mapping[int, tuple[str, int] | str]
    locked: int
    total: int
    events: Sequence[RawEvent] = ()
    bits: Mapping[str, Set[int]] = field(default_factory=dict)

    def outcome(self) -> Outcome:
        """Put the facts into words."""
        return assemble(self)

    def agrees(self, other: RawFacts) -> bool:
        """Tell whether other facts about this scenario are sure to make the same outcome; False says nothing."""
        return (
            self.contents == other.contents
            and self.present == other.present
            and self.total == other.total
            and self.locked == other.locked
            and len(self.vmas) == len(other.vmas)
            and len(self.moves) == len(other.moves)
            and all(map(SeenVma.looks_like, self.vmas, other.vmas))
            and all(map(RawMove.agrees, self.moves, other.moves))
            and list(self.events) == list(other.events)
            and self.bits == other.bits
        )


def chosen_places(scenario: Scenario, moves: Sequence[RawMove]) -> dict[int, tuple[int, int]]:
    """Return the (start, end) in bytes of every place outside the arena that a successful move found.

    By the number of the move, in order. What a move leaves at such a place is there from an earlier one.
    """
    low, high = scenario.regions[0].floor, scenario.regions[-1].ceiling
    return {
        index: (raw.result, raw.result + page_align(raw.move.new_size))
        for index, raw in enumerate(moves)
        if raw.errno is None
        and not low <= raw.result < high
        and raw.result >= PAGE
        and not (chosen_range(raw.move) and raw.result == raw.move.old_address.value)
    }


def located(move: Mremap, scenario: Scenario, moves: Sequence[RawMove]) -> Mremap:
    """Return a move as it was made after these: from a place that the kernel chose, at that place."""
    found = chosen_range(move)
    if found is None:
        return move
    start = list(chosen_places(scenario, moves).values())[found[0]][0]
    return replace(move, old_address=move.old_address.counted_from(start))


def assemble(facts: RawFacts) -> Outcome:
    """Return the outcome; the drawing of a region grows beyond its end where something is mapped there."""
    scenario = facts.scenario
    zones = [
        _Zone(region.name, region.floor, region.ceiling, region.start, region.pages) for region in scenario.regions
    ]
    results = {}
    for number, (index, (start, end)) in enumerate(chosen_places(scenario, facts.moves).items(), 1):
        name = results[index] = "elsewhere" if number == 1 else f"elsewhere{number}"
        zones.append(_Zone(name, start, end, start, (end - start) // PAGE))
    for vma in facts.vmas:
        start = vma.start
        for zone in reversed(zones):  # the kernel likes to use a place again that was left
            if zone.floor <= start < zone.ceiling:
                zone.vmas.append(vma)
                break
    picture = _Picture(facts)
    for zone in zones:
        picture.add(zone)
    return Outcome(
        moves=tuple([_move_outcome(raw, results.get(index), zones) for index, raw in enumerate(facts.moves)]),
        regions=picture.regions,
        mappings=tuple(picture.mappings),
        counters={"locked": facts.locked, "total": facts.total},
        events=tuple([_event(event, zones) for event in facts.events]),
        contents=tuple(picture.contents),
        residency=picture.residency,
        unobserved=picture.unobserved,
        bits=picture.bits,
    )


class _Picture:
    """Drawings, residency, mappings and contents, zone after zone."""

    __slots__ = (
        *("_bits", "_data", "_present", "_told"),
        *("bits", "contents", "mappings", "regions", "residency", "unobserved"),
    )

    def __init__(self, facts: RawFacts) -> None:
        self._data = facts.contents
        self._present = facts.present
        self._bits = facts.bits
        self._told: list[int] = []
        self.bits: dict[str, dict[str, str]] = {name: {} for name in facts.bits}
        self.regions: dict[str, str] = {}
        self.residency: dict[str, str] = {}
        self.mappings: list[MappingOutcome] = []
        self.contents: list[tuple[str, int, int, str, int]] = []
        self.unobserved: dict[str, str] = {}

    def add(self, zone: _Zone) -> None:
        """Add what lies in one zone; what lies before its start is in the contents, but in no drawing."""
        name = zone.name
        base = zone.start // PAGE
        drawing = ""
        residency = ""
        bits = dict.fromkeys(self._bits, "")
        for start, end, prot, shared, backing, offset, _, flags, key in zone.vmas:
            first = start // PAGE - base
            count = (end - start) // PAGE
            sharing = "shared" if shared else "private"
            self.mappings.append(MappingOutcome(name, first, count, prot, sharing, backing, offset, flags, key))
            marks = self._marks(name, base, first, count)
            before = max(-first, 0)
            gap = "." * (first - len(drawing))
            drawing += gap + marks[before:]
            residency += gap + _having(self._present, base + first, count)[before:]
            for bit, having in self._bits.items():
                bits[bit] += gap + _having(having, base + first, count)[before:]
        self.regions[name] = drawing.ljust(zone.pages, ".")
        self.residency[name] = residency.ljust(zone.pages, ".")
        for bit, text in bits.items():
            self.bits[bit][name] = text.ljust(zone.pages, ".")

    def _marks(self, name: str, base: int, first: int, count: int) -> str:
        """Return the drawing of ``count`` pages from ``first``, and note whose data they hold."""
        data = self._data
        marks: list[str] = []
        index = first
        end = first + count
        while index < end:
            held = data.get(base + index)
            if held is None:
                length = 1 if end - index < _LARGE else self._untold(base + index, base + end)
                marks.append("_" * length)
            elif isinstance(held, str):
                length = 1
                while index + length < end and data.get(base + index + length) == held:
                    length += 1
                marks.append("?" * length)
                self.unobserved.update(dict.fromkeys(_places(name, index, length), held))
            else:
                letter, number = held
                length = 1
                while index + length < end and data.get(base + index + length) == (letter, number + length):
                    length += 1
                marks.append(letter * length)
                self._note(name, index, length, letter, number)
            index += length
        return "".join(marks)

    def _untold(self, page: int, end: int) -> int:
        """Return how many pages from here on hold nothing: most of a large mapping do."""
        if not self._told:
            self._told = sorted(self._data)
        at = bisect_left(self._told, page)
        return min(self._told[at], end) - page if at < len(self._told) else end - page

    def _note(self, name: str, index: int, length: int, letter: str, number: int) -> None:
        if self.contents:
            last, start, count, mark, first = self.contents[-1]
            if last == name and mark == letter and start + count == index and first + count == number:
                self.contents[-1] = (name, start, count + length, letter, first)
                return
        self.contents.append((name, index, length, letter, number))


def _places(name: str, first: int, count: int) -> Iterator[str]:
    """Return the addresses of ``count`` pages as ``Address`` writes them, of which there may be a million."""
    return (f"{name}{page:+}p" if page else name for page in range(first, first + count))


def _having(having: Set[int], first: int, count: int) -> str:
    """Draw ``#`` for each of ``count`` pages from ``first`` on that is in a set, ``-`` for another one."""
    if count < _LARGE:
        pages = range(first, first + count)
        if having >= frozenset(pages):
            return "#" * count
        return "".join(["#" if page in having else "-" for page in pages])
    shown = bytearray(b"-" * count)
    for page in having:
        if first <= page < first + count:
            shown[page - first] = ord("#")
    return shown.decode()


@dataclass(slots=True)
class _Zone:
    name: str
    floor: int
    ceiling: int
    start: int
    pages: int
    vmas: list[SeenVma] = field(default_factory=list)


def _move_outcome(raw: RawMove, chosen: str | None, zones: Sequence[_Zone]) -> MoveOutcome:
    """Return what came of a move; ``chosen``: the name of the place that the kernel found for it."""
    failed = raw.errno is not None
    verdict = judge(raw.move, failed, raw.result, raw.before, raw.after)
    if failed:
        return MoveOutcome(raw.errno, None, verdict, raw.committed)
    stays = str(raw.move.old_address) if raw.result == raw.move.old_address.value else None
    return MoveOutcome(None, chosen or stays or _name(raw.result, zones), verdict, raw.committed)


def _event(event: RawEvent, zones: Sequence[_Zone]) -> dict[str, str]:
    if len(event) == 4:
        kind, source, target, length = event
        return {"event": kind, "from": _name(source, zones), "to": _name(target, zones), "len": f"{length // PAGE}p"}
    kind, start, end = event
    return {"event": kind, "start": _name(start, zones), "end": _name(end, zones)}


def _name(address: int, zones: Sequence[_Zone]) -> str:
    for zone in zones:
        if zone.floor <= address <= zone.ceiling:
            return str(Address(zone.name, address - zone.start, address))
    return hex(address)
