"""From what kernels do to the entries of ``expect``: one for each range of kernels that it tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

from mremapcheck.base.errors import Problem, ScenarioError
from mremapcheck.convert.export.oracle import exact
from mremapcheck.convert.export.words import layout_text
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge, mismatches, untouched
from mremapcheck.outcome.outcome import Execution, MoveOutcome, Outcome, pages_more
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.drawing import compact

Entry: TypeAlias = dict[str, Any]


class Seen(NamedTuple):
    """What one kernel did."""

    version: KernelVersion
    execution: Execution


def holds(scenario: Scenario, seen: Sequence[Seen]) -> bool:
    """Tell whether the scenario expects of every kernel that ran it just what it did, and of none nothing.

    Of kernels where a step fails nothing can be expected; where that is every one, nothing holds.
    """
    results = [judge(scenario, execution, version) for version, execution in seen if execution.outcome]
    skipped = all(execution.status == "skip" for _, execution in seen)
    return all(result.status == "pass" and result.expected for result in results) and bool(results or skipped)


def entries(scenario: Scenario, seen: Sequence[Seen], alone: bool = False) -> list[Entry]:
    """Return the entries for kernels in ascending order: neighbours that do the same share one.

    ``alone``: one kernel was asked, and what the scenario expects of others stays. Raises ScenarioError where an entry
    that is for others too says otherwise, where `faults` would be lost, or where no kernel runs it.
    """
    if alone:
        return _with_one(scenario, *seen)
    for entry in scenario.expect:
        if entry.faults is not None:
            message = "this entry lists `faults`, which are not written anew and would be lost"
            raise ScenarioError([Problem(scenario.path, entry.line, 1, message, "change such entries by hand")])
    if not any(execution.outcome for _, execution in seen):
        message = f"no kernel can run this: {seen[-1].execution.reason}"
        raise ScenarioError([Problem(scenario.path, scenario.line, 1, message, "there is nothing to expect of it")])
    more = _distinguishing(scenario, [execution.outcome for _, execution in seen if execution.outcome])
    written = [(version, _entry(execution.outcome, more) if execution.outcome else None) for version, execution in seen]
    eras = [(next(group)[0], entry) for entry, group in groupby(written, lambda pair: pair[1])]
    eras_and_ends = zip(eras, [*(version for version, _ in eras[1:]), None], strict=True)
    return [
        {**({"kernel": kernels} if kernels else {}), **entry}
        for index, ((first, entry), end) in enumerate(eras_and_ends)
        if entry is not None
        for kernels in [_range(first if index else None, end)]
    ]


def _with_one(scenario: Scenario, seen: Seen) -> list[Entry]:
    version, execution = seen
    kept = [
        dict(entry)
        for entry, known in zip(scenario.document.get("expect", ()), scenario.expect, strict=True)
        if str(known.kernel).lstrip("=") != exact(version)
    ]
    if execution.outcome is None:
        return kept
    judged = judge(scenario, execution, version)
    others = [entry for entry in judged.expected if str(entry.kernel).lstrip("=") != exact(version)]
    for entry in others:
        if any(mismatches(entry, execution.outcome, untouched(scenario))):
            message = f"this entry is for {entry.kernel or 'all kernels'}, and {version} does otherwise"
            raise ScenarioError([Problem(scenario.path, entry.line, 1, message, "give it a narrower `kernel:`")])
    return [*kept, {"kernel": exact(version), **_entry(execution.outcome, frozenset())}]


def _range(first: KernelVersion | None, end: KernelVersion | None) -> str:
    bounds = [f">={exact(first)}"] if first else []
    return ", ".join([*bounds, f"<{exact(end)}"] if end else bounds)


def _distinguishing(scenario: Scenario, outcomes: Sequence[Outcome]) -> frozenset[str]:
    """Return which of layout, bits, counters and events tell neighbours apart that look the same otherwise."""
    found = set()
    for one, two in pairwise(outcomes):
        if _entry(one, frozenset()) == _entry(two, frozenset()):
            found |= {key for key, value in _details(one).items() if value != _details(two)[key]}
    return frozenset(found)


def _entry(outcome: Outcome, more: frozenset[str]) -> Entry:
    moves = [dict(_move(move)) for move in outcome.moves]
    entry: Entry = moves[0] if len(moves) == 1 else {"moves": moves}
    entry |= {name: compact(drawing) or "." for name, drawing in outcome.regions.items() if "?" not in drawing}
    return entry | {key: value for key, value in _details(outcome).items() if key in more}


def _move(move: MoveOutcome) -> Iterator[tuple[str, str]]:
    if move.errno is not None:
        yield "errno", move.errno
    yield "verdict", move.verdict
    if move.committed is not None:
        yield "committed", pages_more(move.committed)


def _details(outcome: Outcome) -> Mapping[str, Any]:
    layout = {
        region: layout_text(runs)
        for region in outcome.regions
        if (runs := tuple((vma.start, vma.pages) for vma in outcome.mappings if vma.region == region))
    }
    counters = {name: f"{pages}p" for name, pages in outcome.counters.items() if name in ("locked", "total")}
    bits = {bit: dict(drawings) for bit, drawings in outcome.bits.items()}
    return {"layout": layout, "bits": bits, "counters": counters, "events": list(map(dict, outcome.events))}
