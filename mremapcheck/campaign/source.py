"""Where scenarios come from: numbered documents, the same for the same number in every process that asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mremapcheck.campaign.bounds import Bounds
from mremapcheck.campaign.bounds_text import bounds_text
from mremapcheck.campaign.generator import FEATURES, FOR_MODELS, Generator


class Source(Protocol):
    """Numbered documents; small and picklable, because it travels to every worker."""

    def documents(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Yield the documents numbered ``start`` up to ``stop``, in order."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what tells this source from another one, as plain data."""
        ...


@dataclass(frozen=True, slots=True)
class Random:
    """Endless random documents (see ``generator``); ``models``: only models are asked, which may be asked anything."""

    seed: int
    features: frozenset[str] = FEATURES
    models: bool = False

    def documents(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Yield the documents numbered ``start`` up to ``stop``, in order."""
        generator = Generator(self.seed, self.features, FOR_MODELS if self.models else 1)
        return (generator.document(number) for number in range(start, stop))

    def to_json(self) -> dict[str, Any]:
        """Return the seed, the features that may be drawn, and whether it is for models."""
        return {"seed": self.seed, "features": sorted(self.features), "models": self.models}


@dataclass(frozen=True, slots=True)
class Enumerated:
    """Every document within bounds."""

    bounds: Bounds

    def documents(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Yield the documents numbered ``start`` up to ``stop``, in order."""
        return self.bounds.documents(start, stop)

    def to_json(self) -> dict[str, Any]:
        """Return the bounds."""
        return {"bound": bounds_text(self.bounds)}


@dataclass(frozen=True, slots=True)
class Listed:
    """Documents given one by one: the shipped scenarios, regressions."""

    items: tuple[dict[str, Any], ...]

    def documents(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Yield the documents numbered ``start`` up to ``stop``, in order."""
        return iter(self.items[start:stop])

    def to_json(self) -> dict[str, Any]:
        """Return how many there are; a list cannot be told from another one of the same length."""
        return {"listed": len(self.items)}
