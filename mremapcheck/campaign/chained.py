"""Scenarios in order of size: enumerations from the smallest on, then random ones. For telling two kernels apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from mremapcheck.campaign.bounds import FLAVOURS, Bounds
from mremapcheck.campaign.source import Enumerated, Random, Source

_ALL = tuple(FLAVOURS)
_CORE = ("anon", "anon-uffd", "anon-sealed", "file", "sysv-shm", "memfd-private")

#: From the smallest on: one mapping of any kind, then with a second move, then longer ones, then two, then three.
BY_SIZE: tuple[Bounds, ...] = (
    Bounds(mappings=1, pages=1, flavours=_ALL),
    Bounds(mappings=1, pages=1, flavours=("anon", "anon-untouched", "anon-locked", "memfd"), moves=2),
    Bounds(mappings=1, pages=2, flavours=_CORE),
    Bounds(mappings=2, pages=1, flavours=_CORE, resize=(0, 1)),
    Bounds(mappings=3, pages=1, flavours=("anon", "anon-r"), flags=("MAYMOVE|FIXED",)),
)


@dataclass(frozen=True, slots=True)
class Chained:
    """``sources`` one after the other, each with how many documents it has."""

    sources: tuple[tuple[Source, int], ...]

    @property
    def count(self) -> int:
        """Return how many documents there are."""
        return sum(count for _, count in self.sources)

    def documents(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Yield the documents numbered ``start`` up to ``stop``, in order."""
        ends = accumulate(count for _, count in self.sources)
        for (source, count), end in zip(self.sources, ends, strict=True):
            first = end - count
            if start < end and first < stop:
                yield from source.documents(max(start - first, 0), min(stop - first, count))

    def to_json(self) -> dict[str, Any]:
        """Return what every source says of itself."""
        return {"ladder": [{**source.to_json(), "count": count} for source, count in self.sources]}


def smallest_first(seed: int, more: int, models: bool) -> Chained:
    """Return the enumerations, and ``more`` random scenarios after them; ``models``: only models are asked."""
    sources: list[tuple[Source, int]] = [(Enumerated(bounds), bounds.count()) for bounds in BY_SIZE]
    return Chained((*sources, (Random(seed, models=models), more)))
