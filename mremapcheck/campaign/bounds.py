"""Every scenario within bounds: small-scope exhaustive enumeration.

A scenario is a drawing (mappings, their kinds, pages and the gaps between them), one call (which pages of the drawing
it names, how the size changes, flags) and a destination. Letters are given in order of position and the drawing begins
with its first mapping, so no two scenarios are the same up to renaming or shifting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

from mremapcheck.scenario.kinds import KINDS


def _flavours() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the kinds that an enumeration may use, shared and private; mappings of one kind share a file."""
    for name, kind in KINDS.items():
        if kind.sampling.enumerated:
            made = {"kind": name, "file": name} if kind.file and kind.offset else {"kind": name}
            yield name, made
            yield from ((f"{name}-{other}", {**made, "sharing": other}) for other in kind.sharing[1:])


#: What a mapping may be, by a name used in bounds; the attributes as a scenario file has them.
FLAVOURS: Mapping[str, Mapping[str, Any]] = {
    "anon": {},
    "anon-untouched": {"touch": False},
    "anon-r": {"prot": "r"},
    "anon-none": {"prot": "none"},
    "anon-locked": {"lock": True},
    "anon-uffd": {"uffd": "missing"},
    "anon-sealed": {"seal": True},
    "anon-dontfork": {"advice": "dontfork"},
    **dict(_flavours()),
}

#: The eight combinations of the three flags, as a scenario file writes them.
FLAGS: tuple[str | int, ...] = (
    0,
    "MAYMOVE",
    "FIXED",
    "DONTUNMAP",
    "MAYMOVE|FIXED",
    "MAYMOVE|DONTUNMAP",
    "FIXED|DONTUNMAP",
    "MAYMOVE|FIXED|DONTUNMAP",
)

#: What a second move does, by name: where it starts, where it goes to, and its flags (None: those of the first).
SECONDS: Mapping[str, tuple[str, str, str | None]] = {
    "again": ("src", "dst", None),
    "back": ("dst", "src", "MAYMOVE|FIXED"),
    "back-dontunmap": ("dst", "src", "MAYMOVE|FIXED|DONTUNMAP"),
    "on": ("dst", "further", "MAYMOVE|FIXED"),
}

_LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the enumeration goes; all lengths in pages.

    ``mappings``: up to so many; ``pages``: each of 1 to so many; ``gap``: between two of them 0 to so many;
    ``beyond``: how far the call's range may end behind the last mapping; ``resize``: what is added to the old size to
    get the new one; ``destination``: free, or mapped all over. Files of mappings that share one continue in it.
    ``moves``: 2 lets each call be followed by a second one: the same again, back to where it came from (with
    MREMAP_DONTUNMAP too), or on to a third place.
    """

    mappings: int = 2
    pages: int = 1
    gap: int = 1
    beyond: int = 1
    flavours: tuple[str, ...] = ("anon", "anon-shared", "memfd", "file-private")
    flags: tuple[str | int, ...] = FLAGS
    resize: tuple[int, ...] = (0, -1, 1)
    destination: tuple[str, ...] = ("free", "mapped")
    moves: int = 1

    def shapes(self) -> Iterator[Shape]:
        """Yield every drawing."""
        for count in range(1, self.mappings + 1):
            lengths = list(product(range(1, self.pages + 1), repeat=count))
            gaps = list(product(range(self.gap + 1), repeat=count - 1))
            for flavours in product(self.flavours, repeat=count):
                for length in lengths:
                    for gap in gaps:
                        yield Shape(flavours, length, gap)

    def calls(self, pages: int) -> Iterator[tuple[int, int, int]]:
        """Yield every (first page, old size, new size) on a drawing of ``pages`` pages."""
        for first in range(pages):
            for end in range(first + 1, pages + self.beyond + 1):
                for more in self.resize:
                    if end - first + more >= 0:
                        yield first, end - first, end - first + more

    def count(self) -> int:
        """Return how many scenarios there are, without making them."""
        return _index(self).total

    def documents(self, start: int = 0, stop: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the scenarios numbered from ``start`` up to ``stop`` (default: all) as plain documents, in order."""
        index = _index(self)
        stop = index.total if stop is None else min(stop, index.total)
        place = bisect_right(index.starts, start) - 1
        while start < stop:
            first = index.starts[place]
            for number, document in enumerate(self._of_shape(index.shapes[place]), first):
                if number >= stop:
                    return
                if number >= start:
                    yield {"name": f"e{number}", **document}
            place += 1
            start = index.starts[place] if place < len(index.starts) else stop

    @property
    def _seconds(self) -> tuple[str | None, ...]:
        return (None,) if self.moves == 1 else tuple(SECONDS)

    def _of_shape(self, shape: Shape) -> Iterator[dict[str, Any]]:
        drawing, vmas = shape.drawing()
        for first, old, new in self.calls(shape.span):
            room = max(old, new, 1)
            for destination, flags, second in product(self.destination, self.flags, self._seconds):
                source = _address(first)
                regions = {"src": drawing, "dst": ("X" if destination == "mapped" else ".") * room}
                moves = [_move(source, old, new, flags, "dst")]
                if second is not None:
                    moves.append(_second(second, moves[0], new))
                    if second == "on":
                        regions["further"] = "." * room
                made: dict[str, Any] = {"map": regions, "moves": moves}
                if vmas:
                    made["vmas"] = vmas
                yield made


@dataclass(frozen=True, slots=True)
class _Index:
    """Every shape, and the number of the first scenario of each."""

    shapes: tuple[Shape, ...]
    starts: tuple[int, ...]
    total: int


@lru_cache(maxsize=8)
def _index(bounds: Bounds) -> _Index:
    each = len(bounds.flags) * len(bounds.destination) * len(bounds._seconds)
    per_span: dict[int, int] = {}
    shapes = tuple(bounds.shapes())
    starts = []
    total = 0
    for shape in shapes:
        starts.append(total)
        if shape.span not in per_span:
            per_span[shape.span] = sum(1 for _ in bounds.calls(shape.span)) * each
        total += per_span[shape.span]
    return _Index(shapes, tuple(starts), total)


def _address(page: int) -> str:
    return f"src+{page}p" if page else "src"


def _move(source: str, old: int, new: int, flags: str | int, target: str) -> dict[str, Any]:
    return {
        "old_address": source,
        "old_size": f"{old}p",
        "new_size": f"{new}p",
        "flags": flags,
        "new_address": target,
    }


def _second(name: str, first: dict[str, Any], pages: int) -> dict[str, Any]:
    source, target, flags = SECONDS[name]
    places = {"src": first["old_address"], "dst": "dst", "further": "further"}
    if flags is None:
        return dict(first)
    return _move(places[source], pages, pages, flags, places[target])


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawing: per mapping its flavour and length, and the gaps between them, in pages."""

    flavours: tuple[str, ...]
    lengths: tuple[int, ...]
    gaps: tuple[int, ...] = field(default=())

    @property
    def span(self) -> int:
        """Pages from the first mapping's start to the last one's end."""
        return sum(self.lengths) + sum(self.gaps)

    def drawing(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """Return the drawing and what its letters mean."""
        text = ""
        vmas: dict[str, dict[str, Any]] = {}
        for letter, flavour, pages, gap in zip(_LETTERS, self.flavours, self.lengths, (*self.gaps, 0), strict=False):
            attributes = dict(FLAVOURS[flavour])
            if "file" in attributes:
                attributes["offset"] = f"{len(text)}p"
            if attributes:
                vmas[letter] = attributes
            text += letter * pages + "." * gap
        return text, vmas
