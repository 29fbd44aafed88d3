"""What is drawn of an address space for one mremap: the ranges that it names, and a little around them.

Drawn are the mappings that the old range covers, those that the new one covers, and the neighbours on both sides, cut
short: they decide whether there is room and what merges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mremapcheck.base.units import PAGE, TASK_SIZE, page_align
from mremapcheck.convert.strace.processes import TracedMove, extent
from mremapcheck.convert.strace.space import HUGE, MappingFacts, Segment
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED

#: Pages of a neighbour that are drawn.
NEIGHBOUR = 2
#: The lowest address that a program gets from the kernel (vm.mmap_min_addr).
LOWEST = 0x10000


@dataclass(slots=True)
class Zone:
    """A stretch of the real address space that becomes a region; ``[start, end)`` in bytes."""

    name: str
    start: int
    end: int
    segments: list[Segment]


class Zones(NamedTuple):
    """The zones of one mremap, and what had to be guessed for them, in sentences."""

    zones: list[Zone]
    notes: tuple[str, ...] = ()


def cut_out(seen: TracedMove, split: bool = False, low: bool = False) -> Zones:
    """Cut out what is drawn: one region, or two where the new place is far from the old one.

    ``split``: or where it is not far, but apart. ``low``: also where programs have no memory.
    """
    old = seen.old_address
    covered = seen.old_size or seen.new_size  # a second mapping shows as much as it is told
    old_end = old + max(extent(covered), PAGE)
    new = used_address(seen)
    if new is not None and (drawable(seen, new) or low):
        new_end = new + extent(seen.new_size)
        if not seen.far and not (split and separable(seen)):
            return Zones([_zone("src", min(old, new), max(old_end, new_end), seen.near)])
        source, target = (
            _zone("src", old, old_end, seen.near),
            _zone("dst", new, new_end, seen.there if seen.far else seen.near),
        )
        return Zones(sorted((source, target), key=lambda zone: zone.start))
    source = _zone("src", old, old_end, seen.near)
    if not seen.flags & MREMAP_FIXED and seen.new_size > seen.old_size > 0:
        return Zones([source], tuple(_draw_room(seen, source)))
    return Zones([source])


def separable(seen: TracedMove) -> bool:
    """Tell whether nothing of what is drawn around the old place is also drawn around the new one."""
    new = used_address(seen)
    if new is None or seen.far or any(segment.facts.page != PAGE for segment in seen.near):
        return False
    old_end = seen.old_address + max(extent(seen.old_size), PAGE)
    new_end = new + max(extent(seen.new_size), PAGE)
    return max(seen.old_address, new) - min(old_end, new_end) > 2 * NEIGHBOUR * PAGE


def used_address(seen: TracedMove) -> int | None:
    """Return the new address where the kernel looks at it."""
    if not seen.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP):
        return None
    return seen.new_address if seen.new_address or seen.flags & MREMAP_FIXED else None


def drawable(seen: TracedMove, address: int) -> bool:
    """Tell whether an address lies where programs have their memory; a success proves it."""
    return LOWEST <= address < TASK_SIZE or (seen.result is not None and address < TASK_SIZE)


def _zone(name: str, start: int, end: int, segments: tuple[Segment, ...]) -> Zone:
    start, end = start - start % PAGE, page_align(end)
    kept = [_near(segment, start, end) for segment in segments if segment.start <= end and segment.end >= start]
    if kept:
        return Zone(name, min(start, kept[0].start), max(end, kept[-1].end), kept)
    return Zone(name, start, end, kept)


def _near(segment: Segment, start: int, end: int) -> Segment:
    """Cut a mapping to what is near; huge pages stay whole."""
    if segment.facts.page == PAGE:
        return segment.cut(start - NEIGHBOUR * PAGE, end + NEIGHBOUR * PAGE)
    return segment.cut(start - start % HUGE - HUGE, -(-end // HUGE) * HUGE + HUGE)


def _draw_room(seen: TracedMove, zone: Zone) -> list[str]:
    """Draw what is behind a mapping that grows: room where it grew in place, what is in its way where it did not.

    A neighbour that begins exactly where the growth ends is drawn too: what grows towards it merges with it.
    """
    old_end, grown = (seen.old_address + extent(size) for size in (seen.old_size, seen.new_size))
    behind = [segment for segment in seen.near if segment.start >= old_end and segment.start <= grown]
    inside = any(segment.start < old_end < segment.end for segment in seen.near)
    if seen.result == seen.old_address:
        zone.segments = [segment.cut(0, old_end) for segment in zone.segments if segment.start < old_end]
        behind = [segment for segment in behind if segment.start == grown]
        zone.end = max([grown] if behind else [segment.end for segment in zone.segments] + [old_end])
    elif inside:
        return []
    zone.segments = [segment for segment in zone.segments if segment.start < old_end]
    if behind:
        zone.segments.append(_near(behind[0], behind[0].start, behind[0].start))
        zone.end = zone.segments[-1].end
    blocked = bool(behind) and behind[0].start < grown
    moved = seen.result not in (None, seen.old_address)
    if not blocked and (moved or (seen.errno == "ENOMEM" and not seen.flags)):
        zone.segments = [segment for segment in zone.segments if segment.start < old_end]
        zone.segments.append(Segment(old_end, old_end + PAGE, old_end, MappingFacts(prot="none", guessed=True)))
        zone.end = old_end + PAGE
        return ["What was in its way is not in the log (the kernel maps things too): a page without access is drawn."]
    return []
