"""What a scenario expects of a kernel, held against what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.outcome.outcome import events_text, pages_more
from mremapcheck.scenario.operations import Mmap, Touch

if TYPE_CHECKING:
    from mremapcheck.linux.versions.version import KernelVersion
    from mremapcheck.outcome.outcome import Execution, MappingOutcome, Outcome
    from mremapcheck.scenario.document import Expectation, MappingExpectation, MoveExpectation, Scenario

UNMEASURED = "Committed_AS was not measured"
NOTHING_EXPECTED = "nothing is expected of this kernel"


@dataclass(frozen=True, slots=True)
class FailedExpectation:
    """One thing that is not as expected; ``line`` is that of the ``expect`` entry, 0 where unknown."""

    where: str
    expected: str
    seen: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, seen {self.seen}"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``mismatches``."""
        return {"where": self.where, "expected": self.expected, "seen": self.seen, "line": self.line}


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario on one kernel, judged; ``status`` is one of ``status.OF_RUN``.

    ``expected`` are the entries that held for it, in the file's order.
    """

    scenario: Scenario
    execution: Execution
    status: str
    reason: str | None
    expected: tuple[Expectation, ...] = ()
    mismatches: tuple[FailedExpectation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``results`` of the ``run`` report."""
        scenario, outcome = self.scenario, self.execution.outcome
        data: dict[str, Any] = {
            **scenario.heading(),
            "status": self.status,
            "reason": self.reason,
            "mismatches": [mismatch.to_json() for mismatch in self.mismatches],
            "outcome": outcome.to_json() if outcome else None,
        }
        if self.execution.trace:
            data["trace"] = [
                {"step": note.step, "text": note.text, "change": note.change} for note in self.execution.trace
            ]
        return data


def judge(scenario: Scenario, execution: Execution, version: KernelVersion) -> Result:
    """Hold the expectations of ``version`` against what was seen.

    All entries whose range holds the version apply together. Where none does the scenario is ``unchecked``: it ran, and
    nobody said what should come of it.
    """
    if execution.outcome is None:
        status = "skip" if execution.status == "skip" else "error"
        return Result(scenario, execution, status, execution.reason)
    expected = tuple(entry for entry in scenario.expect if version in entry.kernel and not entry.only_faults)
    if not expected:
        return Result(scenario, execution, "unchecked", NOTHING_EXPECTED)
    blank = untouched(scenario)
    found = tuple(mismatch for entry in expected for mismatch in mismatches(entry, execution.outcome, blank))
    if not found and any(_is_unmeasured(entry, execution.outcome) for entry in expected):
        return Result(scenario, execution, "skip", UNMEASURED, expected)
    return Result(scenario, execution, "fail" if found else "pass", execution.reason, expected, found)


def _is_unmeasured(entry: Expectation, outcome: Outcome) -> bool:
    """Tell whether something is expected of Committed_AS that nobody has measured."""
    asked = {index % len(outcome.moves) for index, move in entry.moves.items() if move.committed is not None}
    return any(outcome.moves[index].committed is None for index in asked)


def untouched(scenario: Scenario) -> frozenset[str]:
    """Return the letters that are mapped and never written."""
    mapped: set[str] = set()
    written: set[str] = set()
    for step in scenario.operations:
        if isinstance(step, Mmap):
            mapped.add(step.letter)
        elif isinstance(step, Touch):
            written.update(tag.letter for tag in step.tags)
    return frozenset(mapped - written)


def mismatches(
    entry: Expectation, outcome: Outcome, blank: frozenset[str] = frozenset()
) -> Iterator[FailedExpectation]:
    """Yield everything that one ``expect`` entry says and the outcome does not bear out.

    A letter in ``blank`` was never written, so no page can show it: where it is expected, a page without data will do.
    """
    line = entry.line
    for index, wanted in sorted(entry.moves.items()):
        for field, expected, seen in _move(wanted, outcome, index):
            place = index if index >= 0 else len(outcome.moves) + index
            yield FailedExpectation(f"moves[{place}].{field}", expected, seen, line)
    for region, drawing in entry.regions.items():
        seen = outcome.regions.get(region, "")
        if not _draws(*_as_long(drawing, seen), blank):
            reasons = _reasons(outcome, region)
            why = f" (? is {', '.join(sorted(reasons))})" if reasons else ""
            yield FailedExpectation(f"regions.{region}", drawing or ".", (seen or "nothing there") + why, line)
    for region, layout in entry.layout.items():
        mapped = tuple((vma.start, vma.pages) for vma in outcome.mappings if vma.region == region)
        if mapped != tuple(layout):
            yield FailedExpectation(f"layout.{region}", _layout(layout), _layout(mapped), line)
    for where, expected, seen in (*_mappings(entry, outcome), *_bits(entry, outcome)):
        yield FailedExpectation(where, expected, seen, line)
    for counter, pages in entry.counters.items():
        if outcome.counters.get(counter) != pages:
            yield FailedExpectation(f"counters.{counter}", f"{pages}p", f"{outcome.counters.get(counter)}p", line)
    if entry.events is not None and [*map(dict, entry.events)] != [*map(dict, outcome.events)]:
        yield FailedExpectation("events", events_text(entry.events), events_text(outcome.events), line)


def _mappings(entry: Expectation, outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    for region, wanted in entry.mappings.items():
        seen = [vma for vma in outcome.mappings if vma.region == region]
        if len(seen) != len(wanted):
            yield f"mappings.{region}", str(len(wanted)), str(len(seen))
            continue
        for number, (one, vma) in enumerate(zip(wanted, seen, strict=True)):
            for field, expected, found in _mapping(one, vma):
                yield f"mappings.{region}[{number}].{field}", expected, found


def _bits(entry: Expectation, outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    for bit, drawings in entry.bits.items():
        for region, drawing in drawings.items():
            seen = outcome.bits.get(bit, {}).get(region, "")
            wanted, found = _as_long(drawing, seen)
            if wanted != found:
                yield f"bits.{bit}.{region}", drawing or ".", seen or "nothing there"


def _as_long(one: str, other: str) -> tuple[str, str]:
    """Return two drawings to the end of the longer one: behind a drawing nothing is mapped."""
    length = max(len(one), len(other))
    return one.ljust(length, "."), other.ljust(length, ".")


def _draws(wanted: str, seen: str, blank: frozenset[str]) -> bool:
    if wanted == seen:
        return True
    return all(one == other or (other == "_" and one in blank) for one, other in zip(wanted, seen, strict=True))


def _move(wanted: MoveExpectation, outcome: Outcome, index: int) -> Iterator[tuple[str, str, str]]:
    try:
        move = outcome.moves[index]
    except IndexError:
        yield "verdict", wanted.verdict or wanted.errno or wanted.result or "a move", "no such move"
        return
    if wanted.errno is not None and wanted.errno != (move.errno or "none"):
        yield "errno", wanted.errno, move.errno or "none"
    if wanted.result is not None and not _same_place(wanted.result, move.result):
        yield "result", wanted.result, move.result or f"none ({move.errno})"
    if wanted.verdict is not None and wanted.verdict != move.verdict:
        yield "verdict", wanted.verdict, move.verdict
    if wanted.committed is not None and move.committed is not None and wanted.committed != move.committed:
        yield "committed", pages_more(wanted.committed), pages_more(move.committed)


def _mapping(wanted: MappingExpectation, vma: MappingOutcome) -> Iterator[tuple[str, str, str]]:
    if wanted.prot not in (None, vma.prot):
        yield "prot", str(wanted.prot), vma.prot
    if wanted.sharing not in (None, vma.sharing):
        yield "sharing", str(wanted.sharing), vma.sharing
    if wanted.offset not in (None, vma.offset):
        yield "offset", f"{wanted.offset}p", f"{vma.offset}p"
    if wanted.pkey not in (None, vma.pkey):
        yield "pkey", str(wanted.pkey), str(vma.pkey)
    missing = [flag for flag in wanted.flags if flag not in vma.flags]
    surplus = [flag for flag in wanted.without if flag in vma.flags]
    if missing or surplus:
        expected = " and ".join([*missing, *(f"not {flag}" for flag in surplus)])
        yield "flags", expected, ", ".join(vma.flags) or "none"


def _same_place(wanted: str, seen: str | None) -> bool:
    if wanted == "elsewhere":  # the second such place of a scenario is called elsewhere2
        return seen is not None and seen.rstrip("0123456789") == "elsewhere"
    return wanted == seen


def _reasons(outcome: Outcome, region: str) -> set[str]:
    """Return why pages of a region could not be observed; of one reason there may be a million."""
    found: set[str] = set()
    for place, reason in outcome.unobserved.items():
        if reason not in found and _in_region(place, region):
            found.add(reason)
    return found


def _in_region(place: str, region: str) -> bool:
    return place == region or place.startswith((f"{region}+", f"{region}-"))


def _layout(runs: tuple[tuple[int, int], ...]) -> str:
    return " ".join(f"{start}+{pages}" for start, pages in runs) or "no mapping"
