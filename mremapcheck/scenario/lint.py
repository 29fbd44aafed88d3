"""What is legal in a scenario and still no good: each finding is a warning."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mremapcheck.base.errors import Problem
from mremapcheck.base.units import PAGE, pages
from mremapcheck.linux.versions.ranges import landmarks
from mremapcheck.scenario.address import LARGEST
from mremapcheck.scenario.document import Expectation, Scenario
from mremapcheck.scenario.drawing import compact
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, Address, Mmap, Mremap, Ranged


def lint(scenario: Scenario) -> list[Problem]:
    """Return warnings in the order of the file."""
    found = [
        *_moves(scenario),
        *_unused_regions(scenario),
        *_entries(scenario),
        *_gaps(scenario),
        *_drawings(scenario),
        *_addresses(scenario),
    ]
    return sorted(
        Problem(scenario.path, line or scenario.line, 1, message, hint, level="warning")
        for line, message, hint in found
    )


def notes(scenario: Scenario) -> list[Problem]:
    """Return which kernels nothing is expected of: that is no mistake, and `run` says `unchecked` there."""
    entry = scenario.expect[0] if scenario.expect else None
    line = entry.line if entry else scenario.line
    hint = "`mremapcheck since` shows what they do, `expect` writes it into the file"
    return [
        Problem(scenario.path, line or scenario.line, 1, f"nothing is expected of {kernels}", hint, level="note")
        for kernels in _unexpected(scenario)
    ]


def _unexpected(scenario: Scenario) -> Iterator[str]:
    versions = landmarks(entry.kernel for entry in scenario.expect)
    covered = [any(version in entry.kernel for entry in scenario.expect) for version in versions]
    if True not in covered:
        if not any(not entry.kernel.bounds for entry in scenario.expect):
            yield "any kernel"
        return
    if not covered[0]:
        yield f"kernels before {versions[covered.index(True)]}"
    if not covered[-1]:
        yield f"kernels after {versions[len(covered) - 1 - covered[::-1].index(True)]}"


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
    used = {name for entry in scenario.expect for name in (*entry.regions, *entry.layout, *entry.mappings)}
    for step in scenario.script:
        if isinstance(step, Mremap):
            used |= {step.old_address.region or "", step.new_address.region or ""}
        elif isinstance(step, Mmap | Ranged):
            used.add(step.address.region or "")
    for region in scenario.regions:
        if region.name not in used:
            yield scenario.line, f"region `{region.name}` has no part in any move or expectation", "leave it out"


def _entries(scenario: Scenario) -> Iterator[_Finding]:
    versions = landmarks(entry.kernel for entry in scenario.expect)
    for entry in scenario.expect:
        if entry.kernel.bounds and not any(version in entry.kernel for version in versions):
            yield entry.line, f"no kernel is `{entry.kernel}`", "its bounds exclude each other"
        if not any(
            (
                *(entry.moves, entry.regions, entry.layout, entry.mappings, entry.bits, entry.counters),
                entry.events is not None,
            )
        ):
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
        for what in ("errno", "result", "verdict", "committed"):
            one, other = getattr(ours[index], what), getattr(theirs[index], what)
            if one is not None and other is not None and one != other:
                return f"{what} {one} and {other} are expected"
    for name in first.regions:
        if name in second.regions and first.regions[name].rstrip(".") != second.regions[name].rstrip("."):
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


def _reach(scenario: Scenario) -> dict[str, tuple[int, int]]:
    """Return the first page of each region that anything may be mapped at, and the one behind the last."""
    found = {region.name: (0, region.pages) for region in scenario.regions}
    for step in scenario.script:
        ranges: list[tuple[Address, int]] = []
        if isinstance(step, Mmap):
            ranges = [(step.address, step.size)]
        elif isinstance(step, Mremap):
            old, (first, last) = step.old_address, found.get(step.old_address.region or "", (0, 0))
            grows = first <= old.offset // PAGE < last
            ranges = [(step.new_address, step.new_size), *([(old, step.new_size)] if grows else [])]
        for address, size in ranges:
            if address.region in found and size <= LARGEST:
                first, last = found[address.region]
                begin = address.offset // PAGE
                found[address.region] = (min(first, begin), max(last, begin + pages(size)))
    return found


def _drawings(scenario: Scenario) -> Iterator[_Finding]:
    """Yield drawings in ``expect`` that have more pages than can be mapped, or fewer than their region."""
    reach = _reach(scenario)
    for entry in scenario.expect:
        for region in scenario.regions:
            drawing = entry.regions.get(region.name)
            if drawing is None:
                continue
            most = reach[region.name][1]
            if len(drawing.rstrip(".")) > most:
                message = (
                    f"the drawing of `{region.name}` has {len(drawing)} pages, and no more than {most} can be mapped"
                )
                yield entry.line, message, "one character is one page"
            elif drawing.strip(".") and len(drawing) < region.pages:
                message = f"the drawing of `{region.name}` has {len(drawing)} of its {region.pages} pages"
                yield (
                    entry.line,
                    message,
                    f"what is left out counts as holes: `{compact(drawing.ljust(region.pages, '.'))}`",
                )


def _addresses(scenario: Scenario) -> Iterator[_Finding]:
    """Yield what is done to pages outside a region where nothing is ever mapped."""
    reach = _reach(scenario)
    for step in scenario.script:
        if not isinstance(step, Mremap | Ranged):
            continue
        address = step.old_address if isinstance(step, Mremap) else step.address
        if address.region not in reach:
            continue
        first, last = reach[address.region]
        if not first <= address.offset // PAGE < last:
            message = (
                f"{address} is outside `{address.region}`, whose pages are 0 to {last - 1}: nothing is mapped there"
            )
            yield step.line, message, "draw a longer region, with `.` for holes"
