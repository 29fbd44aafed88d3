"""A result of a run as lines for people: drawings, what is not as expected, the steps of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.outcome.outcome import events_text
from mremapcheck.report.before import before
from mremapcheck.report.blocks import change_text, heading, indented, kernel_log_lines, move_rows, regions_of
from mremapcheck.report.style import WIDTH, Style
from mremapcheck.report.text import align, drawing_block, wrapped
from mremapcheck.scenario.drawing import compact

if TYPE_CHECKING:
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.outcome.outcome import Note, Outcome

_PLAIN = Style()


def mismatch_block(result: Result, style: Style = _PLAIN) -> list[str]:
    """Draw what was there before, what was expected and what was seen, then name what is not as expected."""
    scenario, outcome = result.scenario, result.execution.outcome
    if outcome is None:
        return [f"  {one_line(line)}" for line in (result.reason or "").splitlines()]
    expected: dict[str, str] = {}
    for entry in result.expected:
        expected.update(entry.regions)
    wrong = {mismatch.where.removeprefix("regions.") for mismatch in result.mismatches}
    start = before(scenario)
    rows = regions_of(start, outcome.regions, expected)
    columns = [
        ("before", align(start, rows)),
        ("expected", {row: drawing or "." for row, drawing in expected.items()}),
        ("seen", align(outcome.regions, rows)),
    ]
    columns = [(title, drawings) for title, drawings in columns if drawings]  # perhaps only an errno is expected
    block = drawing_block(columns, rows, wrong & set(rows), style)
    lines = [*heading(scenario, style), "", *indented(block), ""]
    for mismatch in result.mismatches:
        line = f" (expect at line {mismatch.line})" if mismatch.line else ""
        lines.append(f"  {mismatch}{line}")
    return [*lines, *kernel_log_lines("", outcome)]


def outcome_block(result: Result, style: Style = _PLAIN) -> list[str]:
    """Draw a scenario before and after, and say what else was seen: results, mappings, counters, events."""
    scenario, outcome = result.scenario, result.execution.outcome
    if outcome is None:
        return []
    start = before(scenario)
    regions = regions_of(start, outcome.regions)
    moves = move_rows(outcome)
    columns = [("before", align(start, regions)), ("after", {**align(outcome.regions, regions), **moves})]
    changed = [row for row in regions if align(start, [row]) != align(outcome.regions, [row])]
    lines = [*heading(scenario, style), "", *indented(drawing_block(columns, [*regions, *moves], changed, style)), ""]
    for region in regions:
        runs = ", ".join(_mapping(outcome, region))
        lines += wrapped(f"mappings of {region}: {runs or 'none'}", "  ", "    ", style.width)
    counters = ", ".join(f"{pages}p {counter}" for counter, pages in outcome.counters.items())
    lines.append(f"  counters: {counters}")
    if outcome.committed:
        lines.append(f"  Committed_AS: {outcome.committed}")
    lines += wrapped(f"userfaultfd events: {events_text(outcome.events)}", "  ", "    ", style.width)
    for bit, drawings in outcome.bits.items():
        drawn = ", ".join(f'{region} "{compact(drawing)}"' for region, drawing in drawings.items())
        lines += wrapped(f"{bit}: {drawn or 'none'}", "  ", "    ", style.width)
    for reason in dict.fromkeys(outcome.unobserved.values()):
        lines += wrapped(f"?: {one_line(reason)}", "  ", "    ", style.width)
    return [*lines, *kernel_log_lines("", outcome)]


def _mapping(outcome: Outcome, region: str) -> Iterable[str]:
    for vma in outcome.mappings:
        if vma.region == region:
            facts = [f"{vma.start}+{vma.pages}", vma.prot, vma.sharing, vma.backing]
            facts += [f"at {vma.offset}p"] if vma.offset else []
            facts += vma.flags
            yield " ".join([*facts, f"pkey {vma.pkey}"] if vma.pkey else facts)


def trace_block(trace: Iterable[Note], width: int = WIDTH) -> list[str]:
    """List the steps that a model took, each with the commit that put it there."""
    lines = []
    steps = max((len(note.step) for note in trace), default=0)
    for note in trace:
        indent = " " * (8 + steps)
        lines += wrapped(note.text, f"      {note.step:<{steps}}  ", indent, width) or [f"      {note.step}"]
        if note.change:
            lines += wrapped(change_text(note.change), indent, f"{indent}  ", width)
    return lines
