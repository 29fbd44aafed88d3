"""A whole log -> the few scenarios that it comes down to, with how often each was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mremapcheck.base.errors import ScenarioError
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.convert.trace.processes import Reading, sightings
from mremapcheck.convert.trace.redraw import Drawn, TooLargeError, fate, redraw
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED
from mremapcheck.scenario.parse import parse_document


@dataclass(slots=True)
class Shape:
    """Moves that differ only in sizes: the smallest one stands for all."""

    example: Drawn
    count: int = 0
    smallest: int = 0
    largest: int = 0
    name: str = ""

    def add(self, drawn: Drawn) -> None:
        """Count one more of this shape."""
        size = max(page_align(drawn.sighting.old_size), page_align(drawn.sighting.new_size)) // PAGE
        self.smallest = min(self.smallest, size) if self.count else size
        self.largest = max(self.largest, size)
        self.count += 1
        if drawn.pages < self.example.pages:
            self.example = drawn

    def document(self, log: str, kernel: KernelVersion | None) -> dict[str, Any]:
        """Return the scenario; where the ``kernel`` of the trace is known, what it did is what is expected of it."""
        seen = self.example.sighting
        times = "once" if self.count == 1 else f"{self.count} times"
        sizes = f"{self.smallest} to {self.largest} pages" if self.smallest < self.largest else _pages(self.largest)
        about = f"Seen {times} in {log}, {sizes} long; drawn is the smallest, from line {seen.line}."
        if self.count == 1:
            about = f"Seen once in {log}, in line {seen.line}."
        if any(segment.facts.guessed for segment in (*seen.near, *seen.there)):
            about += " What the kernel itself had mapped is not in a trace and was guessed."
        document = {"summary": _summary(self.example), "about": about, **self.example.document}
        if kernel:
            document["expect"] = [{"kernel": _only(kernel), **_expected(self.example)}]
        return document


@dataclass(slots=True)
class Collection:
    """What a log came down to; ``too_large`` moves could not be drawn."""

    reading: Reading = field(default_factory=Reading)
    shapes: list[Shape] = field(default_factory=list)
    too_large: int = 0
    #: Why, in words.
    reasons: set[str] = field(default_factory=set)


def collect(lines: Iterable[str]) -> Collection:
    """Read a log; most frequent shapes first."""
    collection = Collection()
    shapes: dict[object, Shape] = {}
    for seen in sightings(lines, collection.reading):
        try:
            drawn = redraw(seen)
        except TooLargeError as error:
            collection.too_large += 1
            collection.reasons.add(str(error))
            continue
        shapes.setdefault(drawn.shape, Shape(drawn)).add(drawn)
    collection.shapes = sorted(shapes.values(), key=lambda shape: -shape.count)
    used: dict[str, int] = {}
    for shape in collection.shapes:
        word = _word(shape.example)
        used[word] = used.get(word, 0) + 1
        shape.name = word if used[word] == 1 else f"{word}-{used[word]}"
    return collection


def documents(
    collection: Collection, log: str, stem: str, kernel: KernelVersion | None = None
) -> dict[str, dict[str, Any]]:
    """Return name -> document of every scenario; names begin with ``stem``, ``log`` is what ``about`` calls the source.

    What turns out not to load is counted as too large.
    """
    found: dict[str, dict[str, Any]] = {}
    for shape in collection.shapes:
        document = shape.document(log, kernel)
        try:
            parse_document(document)
        except ScenarioError as error:
            collection.too_large += shape.count
            collection.reasons.add(error.problems[0].message)
        else:
            found[f"{stem}-{shape.name}"] = document
    return found


def _only(version: KernelVersion) -> str:
    text = str(version)
    return f"=={text}" if version.stable or version.rc else f"=={text}.0"


def _word(drawn: Drawn) -> str:
    seen = drawn.sighting
    old, new = page_align(seen.old_size), page_align(seen.new_size)
    what = "duplicate" if not old else "grow" if new > old else "shrink" if new < old else "move"
    if seen.flags & MREMAP_DONTUNMAP:
        what = "dontunmap"
    elif seen.flags & MREMAP_FIXED and what != "move":
        what += "-fixed"
    came = fate(seen)
    if seen.result is None:
        return f"{what}-{came.lower()}"
    return {"grown": "grow-in-place", "shrunk": "shrink-in-place", "kept": "no-change"}.get(
        came, what if what == "move" else f"{what}-moved" if came == "moved" else what
    )


def _summary(drawn: Drawn) -> str:
    seen = drawn.sighting
    old, new = page_align(seen.old_size) // PAGE, page_align(seen.new_size) // PAGE
    sizes = _pages(old) if old == new else f"{old} to {_pages(new)}"
    came = {
        "moved": "moved",
        "grown": "grew in place",
        "shrunk": "shrank in place",
        "kept": "stayed as it was",
        "duplicated": "got a second mapping",
    }.get(fate(seen), f"failed with {fate(seen)}")
    end = seen.old_address + max(old, 1) * PAGE
    covered = {_kind(part.facts.kind) for part in seen.near if part.start < end and part.end > seen.old_address}
    what = " and ".join(sorted(covered)) or "nothing"
    return f"{what[0].upper()}{what[1:]}, {sizes}: {came}"


def _kind(kind: str) -> str:
    return {"anon": "private memory", "anon-shared": "shared memory", "file": "a file"}.get(kind, kind)


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _expected(drawn: Drawn) -> dict[str, Any]:
    seen = drawn.sighting
    if seen.result is None:
        return {"errno": seen.errno}
    word = {"moved": "moved", "duplicated": "duplicated", "kept": "unchanged"}.get(fate(seen), "resized")
    return {"verdict": word}
