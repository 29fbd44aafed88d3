"""Where the regions lie: the same absolute addresses in every executor, so that nothing depends on the machine."""

from __future__ import annotations

from collections.abc import Iterable

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import ARENA_END as ARENA_END
from mremapcheck.base.units import ARENA_START as ARENA_START
from mremapcheck.base.units import PAGE

#: Pages that stay unmapped on either side of a region.
MARGIN = 256


@dataclass(frozen=True, slots=True)
class Placement:
    """Absolute addresses in bytes: the region, and the zone ``[floor, ceiling)`` that is its alone."""

    start: int
    floor: int
    ceiling: int


def place(regions: Iterable[tuple[int, int, int]], reach: int) -> list[Placement]:
    """Place regions given as (pages, align, offset), the last two in bytes, in this order.

    ``reach`` is the most pages that any operation reaches beyond a region's drawing; the margins grow with it.
    """
    margin = max(MARGIN, reach) * PAGE
    placements = []
    floor = ARENA_START
    for pages, align, offset in regions:
        start = floor + margin
        step = max(align, PAGE)
        start = (start - offset + step - 1) // step * step + offset
        ceiling = start + pages * PAGE + margin
        placements.append(Placement(start, floor, ceiling))
        floor = ceiling
    return placements
