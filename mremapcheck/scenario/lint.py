"""What is legal in a scenario and still no good: each finding is a warning."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mremapcheck.base.errors import Problem
from mremapcheck.kernels.ranges import landmarks
from mremapcheck.scenario.document import Expectation, Scenario
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, Fork, Mremap


def lint(scenario: Scenario) -> list[Problem]:
    """Return warnings in the order of the file."""
    found = [*_moves(scenario), *_unused_regions(scenario), *_entries(scenario), *_gaps(scenario)]
    return sorted(
        Problem(scenario.path, line or scenario.line, 1, message, hint, level="warning")
        for line, message, hint in found
    )


_Finding = tuple[int, str, str]


def _moves(scenario: Scenario) -> Iterator[_Finding]:
    said = [item for item in scenario.document["moves"] if "op" not in item]
    calls = [step for step in scenario.script if isinstance(step, Mremap)]
    for item, step in zip(said, calls, strict=True):
        if step.flags & MREMAP_FIXED and "new_address" not in item:
            yield step.line, f"{step.where} has FIXED and no new_address", "it would move to address 0"
        elif step.new_address.region is not None and not step.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP):
            hint = "without FIXED or DONTUNMAP it means nothing"
            yield step.line, f"{step.where} has a new_address and does not go there", hint


def _unused_regions(scenario: Scenario) -> Iterator[_Finding]:
    used = {name for entry in scenario.expect for name in (*entry.regions, *entry.layout)}
    for step in scenario.script:
        if isinstance(step, Mremap):
            used |= {step.old_address.region or "", step.new_address.region or ""}
        elif not isinstance(step, Fork):
            used.add(step.address.region or "")
    for region in scenario.regions:
        if region.name not in used:
            yield scenario.line, f"region `{region.name}` has no part in any move or expectation", "leave it out"


def _entries(scenario: Scenario) -> Iterator[_Finding]:
    versions = landmarks(entry.kernel for entry in scenario.expect)
    for entry in scenario.expect:
        if entry.kernel.bounds and not any(version in entry.kernel for version in versions):
            yield entry.line, f"no kernel is `{entry.kernel}`", "its bounds exclude each other"
        if not (entry.moves or entry.regions or entry.layout or entry.counters or entry.events is not None):
            yield entry.line, "nothing is expected here", "leave the entry out, or say an errno, a verdict, a drawing"
    for first, second in combinations(scenario.expect, 2):
        both = [version for version in versions if version in first.kernel and version in second.kernel]
        if both or not (first.kernel.bounds or second.kernel.bounds):
            said = _contradiction(first, second, sum(isinstance(step, Mremap) for step in scenario.script))
            if said:
                where = f"of {both[0]}" if both else "of every kernel"
                yield second.line, f"contradicts line {first.line}: {said} {where}", "entries apply together"


def _contradiction(first: Expectation, second: Expectation, moves: int) -> str | None:
    ours = {index % moves: move for index, move in first.moves.items()}
    theirs = {index % moves: move for index, move in second.moves.items()}
    for index in sorted(ours.keys() & theirs.keys()):
        for what in ("errno", "result", "verdict"):
            one, other = getattr(ours[index], what), getattr(theirs[index], what)
            if one is not None and other is not None and one != other:
                return f"{what} {one} and {other} are expected"
    for name in first.regions.keys() & second.regions.keys():
        if first.regions[name].rstrip(".") != second.regions[name].rstrip("."):
            return f"two drawings of `{name}` are expected"
    return None


def _gaps(scenario: Scenario) -> Iterator[_Finding]:
    versions = landmarks(entry.kernel for entry in scenario.expect)
    covered = [any(version in entry.kernel for entry in scenario.expect) for version in versions]
    if True not in covered:
        return
    last = len(covered) - covered[::-1].index(True)
    for index in range(covered.index(True) + 1, last):
        if covered[index - 1] and not covered[index]:
            message = f"nothing is expected of {versions[index]}, between kernels that something is expected of"
            yield scenario.expect[0].line, message, "give it an entry, or widen a range"
