"""Whole logs -> the few scenarios that they come down to, with how often each was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mremapcheck.base.units import PAGE, page_align
from mremapcheck.convert.strace.call import Call
from mremapcheck.convert.strace.check import DrawnSketch, draw_all
from mremapcheck.convert.strace.processes import Reading, TracedMove, TracedProcesses, traced_moves
from mremapcheck.convert.strace.redraw import Sketch, is_smaller, sketch
from mremapcheck.convert.strace.shape import quick_shape, result_word
from mremapcheck.convert.strace.zones import LOWEST, used_address
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor

_HIDDEN = (
    "The log does not show new_address, which the kernel takes for a hint here: whether there was one is unknown "
    "(strace shows it with `-e raw=mremap`)."
)


@dataclass(slots=True)
class MoveShape:
    """Moves that differ only in sizes: the smallest one stands for all."""

    example: Sketch
    #: Pages, of the longer of the old and the new range.
    smallest: int
    largest: int = 0
    count: int = 0

    def add(self, seen: TracedMove) -> None:
        """Count one more of this shape."""
        pages = _size(seen)
        if pages > self.largest:
            self.largest = pages
        elif pages < self.smallest:
            self.smallest = pages
            self.example = sketch(seen)
        self.count += 1


@dataclass(slots=True)
class FoundScenario:
    """A scenario: its name, its document, of how many calls it is, and whether it does what the log says."""

    name: str
    document: dict[str, Any]
    count: int
    holds: bool


@dataclass(slots=True)
class Collection:
    """What logs came down to."""

    reading: Reading = field(default_factory=Reading)
    shapes: list[MoveShape] = field(default_factory=list)
    _by_shape: dict[object, MoveShape] = field(default_factory=dict)
    _by_quick_shape: dict[object, MoveShape] = field(default_factory=dict)

    def add(self, calls: Iterable[Call], processes: TracedProcesses | None = None) -> None:
        """Read the calls of one more log."""
        for seen in traced_moves(calls, self.reading, processes):
            key = quick_shape(seen)
            shape = self._by_quick_shape.get(key)
            if shape is None:
                shape = self._by_quick_shape[key] = self._shape(seen)
            shape.add(seen)

    def _shape(self, seen: TracedMove) -> MoveShape:
        made = sketch(seen)
        shape = self._by_shape.get(made.shape)
        if shape is None:
            shape = self._by_shape[made.shape] = MoveShape(made, _size(seen))
            self.shapes.append(shape)
        return shape


def _size(seen: TracedMove) -> int:
    return max(page_align(seen.old_size), page_align(seen.new_size)) // PAGE


def scenarios(
    collection: Collection,
    source: str,
    stem: str,
    kernel: KernelVersion | None = None,
    executors: Sequence[Executor] = (),
) -> list[FoundScenario]:
    """Return every scenario, the most frequent first; names begin with ``stem``, ``source`` is what ``about`` calls it.

    ``executors``: whoever runs a drawing to see whether it does what the log says; where the ``kernel`` of the
    trace is known, that is expected of it. What cannot be drawn is counted in ``collection.reading``.
    """
    shapes = sorted(collection.shapes, key=lambda shape: -shape.count)
    found: list[FoundScenario] = []
    used: dict[str, int] = {}
    for shape, drawing in zip(shapes, draw_all([shape.example for shape in shapes], executors), strict=True):
        if drawing.document is None:
            for _ in range(shape.count):
                collection.reading.leave(shape.example.seen.line, drawing.why)
            continue
        word = _word(shape.example.seen)
        used[word] = used.get(word, 0) + 1
        name = f"{stem}-{word}" if used[word] == 1 else f"{stem}-{word}-{used[word]}"
        holds = drawing.holds or not executors
        document = {
            "summary": _summary(shape.example.seen),
            "about": " ".join(_about(shape, drawing, source, executors)),
            **drawing.document,
        }
        if kernel and holds and not _uncertain(shape.example.seen):
            document["expect"] = [{"kernel": only(kernel), **_expected(shape.example.seen, drawing.document)}]
        found.append(FoundScenario(name, document, shape.count, holds))
    return found


def only(version: KernelVersion) -> str:
    """Return the range that holds just one release."""
    text = str(version)
    return f"=={text}" if version.stable or version.rc else f"=={text}.0"


def _uncertain(seen: TracedMove) -> bool:
    """Tell whether an argument is unknown that could have decided the result."""
    return hides_hint(seen) and seen.result is None


def hides_hint(seen: TracedMove) -> bool:
    """Tell whether the kernel looked at a new_address that the log does not show."""
    looked_at = MREMAP_DONTUNMAP | MREMAP_MAYMOVE  # without MAYMOVE it is refused before
    return seen.flags & looked_at == looked_at and seen.new_address is None


def _about(shape: MoveShape, drawing: DrawnSketch, source: str, executors: Sequence[Executor]) -> Iterator[str]:
    seen, made = shape.example.seen, drawing.sketch
    place = f"line {seen.line}" if not seen.log or seen.log in source else f"{seen.log}, line {seen.line}"
    if shape.count == 1:
        yield f"Seen once in {source}, in {place}."
    else:
        pages = (
            f"{shape.smallest} to {shape.largest} pages" if shape.smallest < shape.largest else _pages(shape.largest)
        )
        yield f"Seen {shape.count} times in {source}, {pages} long; drawn is the smallest, from {place}."
    if is_smaller(made, drawing.style) and not drawing.style.longest:
        yield "Long stretches are drawn shorter than they were."
    yield from dict.fromkeys((*seen.notes, *made.cut.notes, *drawing.style.notes))
    if seen.doubt:
        yield f"The call in line {seen.doubt} failed, and may have moved or unmapped some of it before."
    segments = [segment for zone in made.cut.zones for segment in zone.segments]
    if any(part.facts.guessed for part in segments) and not made.cut.notes:
        yield "What the kernel itself had mapped is not in a trace and was guessed."
    undrawn = sorted({word for part in segments for word in part.facts.undrawn})
    if undrawn:
        yield f"Not drawn: {', '.join(undrawn)}."
    if any(part.facts.unnamed for part in segments):
        yield "Which file a descriptor stands for is not in the log (strace shows it with -y)."
    if hides_hint(seen):
        yield _HIDDEN
    if any(part.facts.uffd for part in segments):
        yield "Whether the userfaultfd was still open is not in a trace."
    new = used_address(seen)
    if seen.result is not None and new is not None and new < LOWEST:
        yield f"The new address was {new:#x}, which vm.mmap_min_addr forbids today: it is drawn as an ordinary place."
    if drawing.by and executors and drawing.by != executors[0].kernel.reference:
        yield f"Linux {drawing.by} does what the log says, {executors[0].kernel.reference} does not."
    if executors and not drawing.holds:
        yield f"Nothing is expected: drawn like this it is {drawing.seen}, and the log does not show why."
    if any(part.facts.kind == "anon" and part.facts.prot != "none" for part in segments):
        yield "Which pages were written to is not in a trace."


def _word(seen: TracedMove) -> str:
    old, new = page_align(seen.old_size), page_align(seen.new_size)
    what = "duplicate" if not old else "grow" if new > old else "shrink" if new < old else "move"
    if seen.flags & MREMAP_DONTUNMAP:
        what = "dontunmap"
    elif seen.flags & MREMAP_FIXED and what != "move":
        what += "-fixed"
    came = result_word(seen)
    if seen.result is None:
        return f"{what}-{re.sub('[^a-z0-9]', '', came.lower())}"
    return {"grown": "grow-in-place", "shrunk": "shrink-in-place", "kept": "no-change"}.get(
        came, what if what == "move" else f"{what}-moved" if came == "moved" else what
    )


def _summary(seen: TracedMove) -> str:
    old, new = page_align(seen.old_size) // PAGE, page_align(seen.new_size) // PAGE
    sizes = _pages(old) if old == new else f"{old} to {_pages(new)}"
    came = {
        "moved": "moved",
        "grown": "grew in place",
        "shrunk": "shrank in place",
        "kept": "stayed as it was",
        "duplicated": "got a second mapping",
    }.get(result_word(seen), f"failed with {result_word(seen)}")
    end = seen.old_address + max(old, 1) * PAGE
    covered = {_kind(part.facts.kind) for part in seen.near if part.start < end and part.end > seen.old_address}
    what = " and ".join(sorted(covered)) or "nothing"
    return f"{what[0].upper()}{what[1:]}, {sizes}: {came}"


def _kind(kind: str) -> str:
    return {"anon": "private memory", "anon-shared": "shared memory", "file": "a file"}.get(kind, kind)


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _expected(seen: TracedMove, document: dict[str, Any]) -> dict[str, Any]:
    """Return what the log says came of it; where a hint was followed that it was."""
    if seen.result is None:
        return {"errno": seen.errno}
    word = {"moved": "moved", "duplicated": "duplicated", "kept": "unchanged"}.get(result_word(seen), "resized")
    if not seen.flags & MREMAP_FIXED and seen.result == used_address(seen):
        return {"verdict": word, "result": document["moves"][-1]["new_address"]}
    return {"verdict": word}
