"""Scenarios and outcomes made by hand, for tests of what is downstream of every executor."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from mremapcheck.base.units import PAGE
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution, MappingOutcome, MoveOutcome, Outcome
from mremapcheck.scenario.document import Expectation, MoveExpectation, Process, Region, Run, Scenario
from mremapcheck.scenario.operations import Address, Mremap
from mremapcheck.scenario.verdicts import Verdict

SRC, DST = 0x10_0010_0000, 0x10_0030_0000


def runs(drawing: str) -> list[tuple[str, int, int]]:
    """Return (letter, start, pages) of each run that is not a hole."""
    found, start = [], 0
    for letter, group in groupby(drawing):
        pages = len(list(group))
        if letter != ".":
            found.append((letter, start, pages))
        start += pages
    return found


def scenario(
    name: str = "case",
    src: str = "AABB.C",
    dst: str = "X.....",
    expect: tuple[Expectation, ...] = (),
    moves: int = 1,
    size: int = 6,
    flags: int = 3,
    **more: Any,
) -> Scenario:
    regions = tuple(
        Region(region, start, len(drawing), tuple(Run(*run) for run in runs(drawing)), start - PAGE, start + 2**20)
        for region, start, drawing in (("src", SRC, src), ("dst", DST, dst))
    )
    move = Mremap("moves[0]", 9, Address("src", 0, SRC), size * PAGE, size * PAGE, flags, Address("dst", 0, DST))
    fields: dict[str, Any] = {
        "summary": f"What {name} does",
        "about": "",
        "cite": (),
        "setup": (),
        "script": (move,) * moves,
        "process": Process(),
        "features": frozenset(),
        "document": {},
        "path": f"scenarios/{name}.yaml",
        "line": 1,
    }
    return Scenario(name=name, regions=regions, expect=expect, **{**fields, **more})


def outcome(
    verdict: Verdict = "moved",
    errno: str | None = None,
    result: str | None = None,
    mappings: tuple[MappingOutcome, ...] | None = None,
    counters: dict[str, int] | None = None,
    moves: tuple[MoveOutcome, ...] | None = None,
    more: dict[str, Any] | None = None,
    **regions: str,
) -> Outcome:
    """Return an outcome whose mappings and counters agree with its drawings unless they are given."""
    if mappings is None:
        mappings = tuple(vma(region, start, pages) for region in regions for _, start, pages in runs(regions[region]))
    if result is None and errno is None:
        result = "dst"
    return Outcome(
        moves=moves or (MoveOutcome(errno, result, verdict),),
        regions=regions,
        mappings=mappings,
        counters={"locked": 0, "total": sum(item.pages for item in mappings), **(counters or {})},
        **(more or {}),
    )


def vma(
    region: str, start: int, pages: int, prot: str = "rw-", flags: tuple[str, ...] = (), **more: Any
) -> MappingOutcome:
    facts = {"sharing": "private", "backing": "anon", "offset": 0, **more}
    return MappingOutcome(region=region, start=start, pages=pages, prot=prot, flags=flags, **facts)


def expectation(
    kernel: str = "*", move: MoveExpectation | None = None, layout: Any = None, counters: Any = None, **more: Any
) -> Expectation:
    events = more.pop("events", None)
    line = more.pop("line", 12)
    moves = {-1: move} if move else {}
    return Expectation(KernelRange.parse(kernel), moves, more, layout or {}, counters or {}, events, line)


def kernel(reference: str = "6.17", executor: str = "model", changes: tuple[str, ...] | None = ()) -> Kernel:
    return Kernel(reference, executor, reference, KernelVersion.parse(reference), changes)


def ran(outcome: Outcome) -> Execution:
    return Execution("ran", outcome)


#: The headline: the same failing call, partial on one kernel and refused on the other.
REFUSED = outcome("refused", "EFAULT", src="AABB.C", dst="X.....")
PARTIAL = outcome("partial", "EFAULT", src="..BB.C", dst="AA....")
DAMAGED = outcome("damaged", "EFAULT", src="AABB.C", dst="......")
MOVED = outcome("moved", src="......", dst="AABB.C")
