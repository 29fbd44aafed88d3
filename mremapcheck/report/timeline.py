"""The timeline of a scenario, for people: one block for each range of kernels that do the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.compare.classes import CLASSES
from mremapcheck.executors.model.registry import by_id
from mremapcheck.report.before import before
from mremapcheck.report.blocks import change_text
from mremapcheck.report.compare_blocks import differing_lines
from mremapcheck.report.style import Style
from mremapcheck.report.text import align, calls, shorten, wrapped
from mremapcheck.scenario.drawing import compact

if TYPE_CHECKING:
    from mremapcheck.compare.timeline import TimelineEra
    from mremapcheck.scenario.document import Scenario


def timeline_lines(
    scenario: Scenario, modelled: Sequence[TimelineEra], measured: Sequence[TimelineEra], style: Style | None = None
) -> Iterator[str]:
    """Yield what a scenario does, range by range, with the drawings and the change that made each turn."""
    style = style or Style()
    yield from wrapped(f"{scenario.name}: {one_line(scenario.summary)}", width=style.width)
    yield from (f"    {text}" for text in calls(scenario))
    start = before(scenario)
    yield from _drawings(start, [*start], style)
    yield ""
    yield from _eras(modelled, scenario, style)
    if measured:
        yield "  measured:"
        yield from _eras(measured, scenario, style)
    labels = dict.fromkeys(era.class_name for era in [*modelled, *measured] if era.class_name)
    for label in labels:
        yield from wrapped(f"({label}): {CLASSES[label].about}", "  ", "    ", style.width)
    yield ""


def _eras(eras: Sequence[TimelineEra], scenario: Scenario, style: Style) -> Iterator[str]:
    drawn: dict[str, str] = {}
    for era in eras:
        for word, changes in (("gained", era.gained), ("lost", era.lost)):
            for change in changes:
                yield from wrapped(f"{word} {change_text(change)}{_stable(change)}", "  -- ", "     ", style.width)
        label = f"{style.paint('strong', era.label)}" + (f" ({era.class_name})" if era.class_name else "")
        yield f"  {era.kernels}: {label}"
        outcome = era.execution.outcome
        if outcome is None:
            yield f"      {one_line(era.execution.reason or '')}"
            continue
        now = align(outcome.regions, dict.fromkeys([*(region.name for region in scenario.regions), *outcome.regions]))
        if now == drawn:
            yield "      the same pages hold the same"
        else:
            yield from _drawings(now, [*now], style)
        drawn = now
        shown = [
            each for each in era.differences if not CLASSES[each.class_name].of_move and "regions." not in each.where
        ]
        yield from differing_lines(shown, style.width, "      ")


def _stable(id_: str) -> str:
    change = by_id(id_)
    return f", and in {', '.join(map(str, change.stable))}" if change and change.stable else ""


def _drawings(drawings: Mapping[str, str], regions: Sequence[str], style: Style) -> Iterator[str]:
    width = max((len(name) for name in regions), default=0)
    for name, drawing in align(drawings, regions).items():
        yield f'      {name:<{width}} "{shorten(compact(drawing), style.width - width - 9)}"'
