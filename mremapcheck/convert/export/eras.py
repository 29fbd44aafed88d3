"""Expectations as eras: of entries that overlap, ranges of kernels that do not, each with all that is expected."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.words import Fact
from mremapcheck.linux.versions.ranges import Bound, KernelRange, landmarks
from mremapcheck.linux.versions.version import KernelVersion


def eras(wanted: Sequence[ExpectedFacts]) -> list[ExpectedFacts]:
    """Return what is wanted of each kernel, oldest first; kernels of which nothing is wanted are left out."""
    ranges = [KernelRange.parse(entry.kernel) for entry in wanted]
    groups = [
        (facts, list(versions))
        for facts, versions in groupby(landmarks(ranges), lambda version: _facts(wanted, ranges, version))
    ]
    if not groups:
        return [ExpectedFacts("*", _facts(wanted, ranges, None))] if wanted else []
    edges = [_edge(ranges, below[-1], above[0]) for (_, below), (_, above) in pairwise(groups)]
    starts = [(), *((start,) for _, start in edges)]
    ends = [*((end,) for end, _ in edges), ()]
    return [
        ExpectedFacts(str(KernelRange((*start, *end))), facts)
        for (facts, _), start, end in zip(groups, starts, ends, strict=True)
        if facts
    ]


def _facts(
    wanted: Sequence[ExpectedFacts], ranges: Sequence[KernelRange], version: KernelVersion | None
) -> tuple[Fact, ...]:
    """Return all that is wanted of one version, of any where it is None."""
    said: dict[str, str] = {}
    for kernels, entry in zip(ranges, wanted, strict=True):
        if version is None or version in kernels:
            said.update(entry.facts)
    return tuple(Fact(where, text) for where, text in said.items())


def _edge(ranges: Sequence[KernelRange], below: KernelVersion, above: KernelVersion) -> tuple[Bound, Bound]:
    """Return how the versions up to ``below`` end and those from ``above`` on begin, at a version that a range has."""
    bound = next(bound for kernels in ranges for bound in kernels if (below in bound) != (above in bound))
    behind = bound.comparison in (">", "<=") or (bound.comparison == "==" and below in bound)
    if behind or (bound.comparison == "!=" and above in bound):
        return Bound("<=", bound.version, bound.series), Bound(">", bound.version, bound.series)
    return Bound("<", bound.version, bound.series), Bound(">=", bound.version, bound.series)
