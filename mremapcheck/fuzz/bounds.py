"""Every scenario within bounds: small-scope exhaustive enumeration.

A scenario is a drawing (mappings, their kinds, pages and the gaps between them), one call (which pages of the drawing
it names, how the size changes, flags) and a destination. Letters are given in order of position and the drawing begins
with its first mapping, so no two scenarios are the same up to renaming or shifting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

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
    "anon-shared": {"kind": "anon-shared"},
    "memfd": {"kind": "memfd", "file": "m"},
    "memfd-private": {"kind": "memfd", "file": "m", "sharing": "private"},
    "file": {"kind": "file", "file": "f"},
    "file-private": {"kind": "file", "file": "f", "sharing": "private"},
    "tmpfs": {"kind": "tmpfs", "file": "t"},
    "dev-zero": {"kind": "dev-zero"},
    "sysv-shm": {"kind": "sysv-shm"},
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

_LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the enumeration goes; all lengths in pages.

    ``mappings``: up to so many; ``pages``: each of 1 to so many; ``gap``: between two of them 0 to so many;
    ``beyond``: how far the call's range may end behind the last mapping; ``resize``: what is added to the old size to
    get the new one; ``destination``: free, or mapped all over. Files of mappings that share one continue in it.
    """

    mappings: int = 2
    pages: int = 1
    gap: int = 1
    beyond: int = 1
    flavours: tuple[str, ...] = ("anon", "anon-shared", "memfd", "file-private")
    flags: tuple[str | int, ...] = FLAGS
    resize: tuple[int, ...] = (0, -1, 1)
    destination: tuple[str, ...] = ("free", "mapped")

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
        per_call: dict[int, int] = {}
        shapes = 0
        for shape in self.shapes():
            pages = shape.span
            if pages not in per_call:
                per_call[pages] = sum(1 for _ in self.calls(pages))
            shapes += per_call[pages]
        return shapes * len(self.flags) * len(self.destination)

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield every scenario as a plain document, named by its number in the enumeration."""
        number = 0
        for shape in self.shapes():
            drawing, vmas = shape.drawing()
            for first, old, new in self.calls(shape.span):
                room = max(old, new, 1)
                for destination in self.destination:
                    for flags in self.flags:
                        yield {
                            "name": f"e{number}",
                            "summary": "enumerated",
                            "map": {"src": drawing, "dst": ("X" if destination == "mapped" else ".") * room},
                            "vmas": vmas,
                            "moves": [
                                {
                                    "old_address": f"src+{first}p" if first else "src",
                                    "old_size": f"{old}p",
                                    "new_size": f"{new}p",
                                    "flags": flags,
                                    "new_address": "dst",
                                }
                            ],
                        }
                        number += 1


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
