"""From raw facts to an Outcome: absolute addresses become region addresses, pages become drawings.

Every executor hands its facts to ``assemble``; it alone decides how an outcome looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from mremapcheck.outcome import MappingOutcome, MoveOutcome, Outcome
from mremapcheck.scenario.document import Region, Scenario
from mremapcheck.scenario.operations import Address, Mremap
from mremapcheck.units import PAGE, page_align
from mremapcheck.verdict import Snapshot, Vma, judge

#: A uffd event as executors record it: ("remap", from, to, length) or ("unmap", start, end), in bytes.
RawEvent = tuple[str, int, int, int] | tuple[str, int, int]


@dataclass(slots=True)
class RawMove:
    """One mremap call: ``errno`` by name or None, the address returned, and the arena around it."""

    move: Mremap
    errno: str | None
    result: int
    before: Snapshot
    after: Snapshot


@dataclass(slots=True)
class Facts:
    """What an executor saw.

    ``vmas`` in address order: those in the arena, and those at places that the kernel chose, cropped to what
    ``chosen_places`` names. ``present``: page numbers that the page tables had. ``contents``: page number ->
    (letter, page of the letter), or a reason (str) why it could not be read; pages without any letter's data are left
    out. ``locked`` and ``total`` in pages beyond what the empty arena costs.
    """

    moves: list[RawMove]
    vmas: Sequence[Vma]
    present: Set[int]
    contents: Mapping[int, tuple[str, int] | str]
    locked: int
    total: int
    events: Sequence[RawEvent] = ()
    kernel_log: Sequence[str] = field(default=())


def chosen_places(scenario: Scenario, moves: Sequence[RawMove]) -> list[tuple[int, int]]:
    """Return the (start, end) in bytes of every place outside the arena that a successful move returned, in order."""
    low, high = scenario.regions[0].floor, scenario.regions[-1].ceiling
    return [
        (raw.result, raw.result + page_align(raw.move.new_size))
        for raw in moves
        if raw.errno is None and not low <= raw.result < high and raw.result >= PAGE
    ]


def assemble(scenario: Scenario, facts: Facts) -> Outcome:
    """Return the outcome; the drawing of a region grows beyond its end where something is mapped there."""
    zones = [
        _Zone(region.name, region.floor, region.ceiling, region.start, region.pages) for region in scenario.regions
    ]
    for index, (start, end) in enumerate(chosen_places(scenario, facts.moves)):
        name = "elsewhere" if index == 0 else f"elsewhere{index + 1}"
        zones.append(_Zone(name, start, end, start, (end - start) // PAGE))
    mappings: list[MappingOutcome] = []
    contents: list[tuple[str, int, int, str, int]] = []
    unobserved: dict[str, str] = {}
    for vma in facts.vmas:
        for zone in zones:
            if zone.floor <= vma.start < zone.ceiling:
                zone.vmas.append(vma)
                break
    regions: dict[str, str] = {}
    residency: dict[str, str] = {}
    for zone in zones:
        base = zone.start
        end = zone.pages
        if zone.vmas:
            end = max(end, (zone.vmas[-1].end - base) // PAGE)
        drawing = ["."] * end
        present = ["."] * end
        for vma in zone.vmas:
            first = (vma.start - base) // PAGE
            count = (vma.end - vma.start) // PAGE
            sharing = "shared" if vma.shared else "private"
            mappings.append(
                MappingOutcome(zone.name, first, count, vma.prot, sharing, vma.backing, vma.offset, vma.flags)
            )
            page = vma.start // PAGE
            for index in range(first, first + count):
                data = facts.contents.get(page)
                mark = "_"
                if data is not None:
                    if isinstance(data, str):
                        mark = "?"
                        unobserved[str(Address(zone.name, index * PAGE, 0))] = data
                    else:
                        mark, number = data
                        _extend(contents, zone.name, index, mark, number)
                if index >= 0:
                    drawing[index] = mark
                    present[index] = "#" if page in facts.present else "-"
                page += 1
        regions[zone.name] = "".join(drawing)
        residency[zone.name] = "".join(present)
    return Outcome(
        moves=tuple(_move_outcome(raw, zones) for raw in facts.moves),
        regions=regions,
        mappings=tuple(mappings),
        counters={"locked": facts.locked, "total": facts.total},
        events=tuple(_event(event, zones) for event in facts.events),
        kernel_log=tuple(facts.kernel_log),
        contents=tuple(contents),
        residency=residency,
        unobserved=unobserved,
    )


def _extend(runs: list[tuple[str, int, int, str, int]], region: str, index: int, letter: str, number: int) -> None:
    if runs:
        last, start, count, mark, first = runs[-1]
        if last == region and mark == letter and start + count == index and first + count == number:
            runs[-1] = (region, start, count + 1, letter, first)
            return
    runs.append((region, index, 1, letter, number))


@dataclass(slots=True)
class _Zone:
    name: str
    floor: int
    ceiling: int
    start: int
    pages: int
    vmas: list[Vma] = field(default_factory=list)


def _move_outcome(raw: RawMove, zones: Sequence[_Zone]) -> MoveOutcome:
    failed = raw.errno is not None
    verdict = judge(raw.move, failed, raw.result, raw.before, raw.after)
    return MoveOutcome(raw.errno, None if failed else _name(raw.result, zones), verdict)


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


def region_of(scenario: Scenario, address: int) -> Region | None:
    """Return the region whose zone holds ``address``."""
    for region in scenario.regions:
        if region.floor <= address < region.ceiling:
            return region
    return None
