"""What the log says came of a call is evidence: a drawing is held against it, and drawn anew where it contradicts.

Whatever a trace cannot show may be behind a contradiction: page faults, limits, what the kernel mapped. Each way of
drawing here stands for one such thing and says so to the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mremapcheck.base.errors import ScenarioError
from mremapcheck.convert.strace.processes import TracedMove, extent
from mremapcheck.convert.strace.redraw import PLAIN, DrawingStyle, Sketch, UndrawableError, draw
from mremapcheck.convert.strace.space import Segment
from mremapcheck.convert.strace.zones import LOWEST, separable, used_address
from mremapcheck.scenario.parse import parse_document

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario


@dataclass(slots=True)
class DrawnSketch:
    """A sketch drawn: the document, how, and what came of it.

    ``document`` is None where none can be written, and ``why`` says it then. ``holds``: an executor does what the log
    says, the one for the kernel ``by``; ``seen`` is what the first one did instead.
    """

    sketch: Sketch
    document: dict[str, Any] | None = None
    style: DrawingStyle = PLAIN
    holds: bool = False
    by: str = ""
    seen: str = ""
    why: str = ""
    _left: Iterator[DrawingStyle] = field(default_factory=lambda: iter(()))


def draw_all(sketches: Sequence[Sketch], executors: Sequence[Executor] = ()) -> list[DrawnSketch]:
    """Draw each sketch in the first way that does on one of the executors what the log says it did.

    Where none does, the plain way is kept if it can be set up at all. Without executors nothing is held against the
    log.
    """
    found = [DrawnSketch(sketch, _left=_styles(sketch)) for sketch in sketches]
    waiting = [drawing for drawing in found if _next(drawing, first=True)]
    if not executors:
        return found
    first: dict[int, tuple[dict[str, Any] | None, DrawingStyle, str]] = {}
    while waiting:
        for drawing, (different, possible) in zip(waiting, _run(waiting, executors), strict=True):
            first.setdefault(id(drawing), (drawing.document if possible else None, drawing.style, different))
        waiting = [drawing for drawing in waiting if not drawing.holds and _next(drawing)]
    for drawing in found:
        if not drawing.holds and id(drawing) in first:
            drawing.document, drawing.style, drawing.seen = first[id(drawing)]
            if drawing.document is None:
                drawing.why = drawing.seen
    return found


def _run(drawings: Sequence[DrawnSketch], executors: Sequence[Executor]) -> list[tuple[str, bool]]:
    """Run drawings, by one executor after the other until one does what the log says; notes which one it is.

    Returns what the first one did instead, and whether any could do it at all.
    """
    scenarios = [_scenario(drawing) for drawing in drawings]
    different = [""] * len(drawings)
    possible = [False] * len(drawings)
    for executor in executors:
        left = [index for index, drawing in enumerate(drawings) if not drawing.holds]
        for index, execution in zip(left, executor.run([scenarios[index] for index in left]), strict=True):
            possible[index] = possible[index] or execution.outcome is not None
            instead = answer(drawings[index].sketch, execution)
            different[index] = different[index] or instead
            if not instead:
                drawings[index].holds, drawings[index].by = True, executor.kernel.reference
    return list(zip(different, possible, strict=True))


def _next(drawing: DrawnSketch, first: bool = False) -> bool:
    """Draw the next way; False where there is none."""
    for style in drawing._left:
        try:
            document = draw(drawing.sketch, style)
            parse_document(document)
        except (UndrawableError, ScenarioError) as error:
            if first:
                drawing.why = error.problems[0].message if isinstance(error, ScenarioError) else str(error)
            continue
        if document == drawing.document:
            continue
        drawing.document, drawing.style = document, style
        drawing.why = ""
        return True
    return False


def _scenario(drawing: DrawnSketch) -> Scenario:
    assert drawing.document is not None
    return parse_document(drawing.document)


def answer(sketch: Sketch, execution: Execution) -> str:
    """Return what an executor did instead of what the log says; empty where it is the same."""
    seen = sketch.seen
    if execution.outcome is None:
        return execution.reason or execution.status
    move = execution.outcome.moves[-1]
    if seen.result is None:
        return "" if move.errno == seen.errno else f"{move.errno or move.verdict} instead of {seen.errno}"
    if move.errno is not None:
        return f"{move.errno} instead of a success"
    elsewhere = move.result is not None and move.result.startswith("elsewhere")
    new = used_address(seen)
    if seen.result == seen.old_address:
        right = not elsewhere and move.verdict in ("resized", "unchanged")
    elif new is not None and seen.result == new:
        right = not elsewhere and move.verdict in ("moved", "duplicated")
    else:
        right = elsewhere
    return "" if right else f"{move.verdict}, to {move.result}, instead of another place"


def _covers(seen: TracedMove, part: Segment) -> bool:
    """Tell whether a mapping is one that the call is about."""
    end = seen.old_address + max(extent(seen.old_size), 1)
    return part.start < end and part.end > seen.old_address


def _styles(sketch: Sketch) -> Iterator[DrawingStyle]:
    """Yield the ways to draw it, the most likely first."""
    seen = sketch.seen
    yield PLAIN
    segments = [segment for zone in sketch.cut.zones for segment in zone.segments]
    small = DrawingStyle(("Long stretches are drawn shorter than they were.",), longest=4 << 20)
    if sketch.size > 64 << 20:
        yield small
    if separable(seen):
        yield DrawingStyle(("What lies between the old and the new place is not drawn.",), split=True)
    if (new := used_address(seen)) is not None and new < LOWEST and seen.result is None:
        yield DrawingStyle((f"The new address was {new:#x}; it is drawn as an ordinary place.",), low=True)
    undrawn = {word for segment in segments for word in segment.facts.undrawn}
    if undrawn:
        words = ", ".join(sorted(undrawn))
        yield DrawingStyle((f"What {words} keeps apart is kept apart by MADV_DONTDUMP here.",), apart=True)
    if seen.errno == "EAGAIN":
        note = (
            "The limit of locked memory (RLIMIT_MEMLOCK) is not in the log; the call's EAGAIN is what is known of it."
        )
        for lock in (False, True):
            notes = (note, "The result proves that it was locked.") if lock else (note,)
            yield DrawingStyle(notes, lock=lock, process=(("rlimits", {"memlock": "+0p"}),))
    if seen.errno == "ENOMEM":
        note = "The limit that the call ran into is not in the log; {} is drawn as used up."
        yield DrawingStyle((note.format("RLIMIT_AS"),), process=(("rlimits", {"as": "+0p"}),))
        yield DrawingStyle((note.format("the number of mappings"),), process=(("map_headroom", 0),))
    if seen.old_size == 0 and seen.result is not None:
        note = "The log shows private memory, but only shared memory gets a second mapping: it is drawn so."
        yield DrawingStyle((note,), kinds=(("anon", "anon-shared"),))
    if seen.errno == "EPERM":
        yield DrawingStyle(
            ("The result proves that something here is sealed; the log does not show who did it.",), seal=True
        )
    if doubt := seen.doubt:
        note = f"The result shows that the call in line {doubt}, which failed, had unmapped something before it did."
        yield DrawingStyle((note,), lost=True)
        covered = {part.facts.kind for part in segments if _covers(seen, part)}
        private = tuple((kind, "anon") for kind in sorted(covered))
        if seen.result is not None:
            note = f"The result proves one mapping: the call in line {doubt} moved it there before it failed."
            yield DrawingStyle((note,), one=True)
            note = f"The result proves memory that moves: the call in line {doubt} moved it there before it failed."
            yield DrawingStyle((note,), kinds=private)
        if seen.errno == "EINVAL" and not seen.old_size:
            note = f"The result proves private memory: the call in line {doubt} moved it there before it failed."
            yield DrawingStyle((note,), kinds=private)
    untouched = DrawingStyle(
        ("The result shows that pages were not written to yet: nothing is touched.",), untouched=True
    )
    yield untouched
    yield replace(small, notes=(*small.notes, *untouched.notes), untouched=True)
    kinds = {segment.facts.kind for segment in segments}
    if "file" in kinds:
        yield DrawingStyle(
            ("Its files are drawn on tmpfs: there is no disk's file system to map from.",), kinds=(("file", "tmpfs"),)
        )
