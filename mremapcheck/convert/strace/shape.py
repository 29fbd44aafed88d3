"""What two moves have in common that differ only in sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mremapcheck.base.units import PAGE, page_align
from mremapcheck.convert.strace.processes import TracedMove, extent
from mremapcheck.convert.strace.space import Segment
from mremapcheck.convert.strace.zones import Zones, drawable, used_address
from mremapcheck.scenario.operations import MREMAP_FIXED


def result_word(seen: TracedMove) -> str:
    """Say in a word what the trace shows of the move: an errno, or moved, grown, shrunk, kept, duplicated."""
    if seen.result is None:
        return seen.errno or "failed"
    old, new = page_align(seen.old_size), page_align(seen.new_size)
    if old == 0:
        return "duplicated"
    if seen.result != seen.old_address:
        return "moved"
    return "kept" if old == new else "grown" if new > old else "shrunk"


def shape(seen: TracedMove, cut: Zones) -> object:
    """Return what is equal for two moves that are drawn alike but for sizes: the order of all boundaries, the facts."""
    return _common(seen, [segment for zone in cut.zones for segment in zone.segments])


def quick_shape(seen: TracedMove) -> object:
    """Return what is equal only for two moves of the same shape, without drawing them.

    More is told apart than by a shape: all that is near to a move, not what is drawn of it.
    """
    new = used_address(seen)
    return (
        _common(seen, (*seen.near, *seen.there)),
        new is not None and (bool(seen.there), seen.far, drawable(seen, new)),
    )


def _common(seen: TracedMove, segments: Sequence[Segment]) -> object:
    ends = [seen.old_address, seen.old_address + seen.old_size]
    new = used_address(seen)
    if new is not None:
        ends += (new, new + seen.new_size)
    elif not seen.flags & MREMAP_FIXED:
        ends.append(seen.old_address + seen.new_size)
    edges = {*ends}
    for start, end, _, _ in segments:
        edges.add(start)
        edges.add(end)
    rank = {edge: place for place, edge in enumerate(sorted(edges))}
    return (
        seen.flags,
        result_word(seen),
        seen.old_size > 0 == extent(seen.old_size),
        seen.new_size > 0 == extent(seen.new_size),
        seen.notes,
        new == seen.result,
        len(seen.lengths),
        tuple([(rank[end], end % PAGE != 0) for end in ends]),
        tuple([(rank[start], rank[end], facts.look) for start, end, _, facts in segments]),
        tuple([met_later(left, right) for left, right in pairwise(segments)]),
    )


def met_later(left: Segment, right: Segment) -> bool:
    """Tell whether two mappings that abut have met after both were written to, so that they are not one."""
    return (
        left.end == right.start
        and left.facts == right.facts
        and left.facts.kind == "anon"
        and left.facts.prot != "none"
        and not left.continues(right)
    )
