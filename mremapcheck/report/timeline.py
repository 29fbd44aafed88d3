"""The timeline of a scenario, for people: one block for each range of kernels that do the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mremapcheck.report.changes import change_text
from mremapcheck.report.text import WIDTH, align, before, calls, shorten, wrapped
from mremapcheck.scenario.drawing import compact

if TYPE_CHECKING:
    from mremapcheck.compare.timeline import Stretch
    from mremapcheck.scenario.document import Scenario


def timeline_lines(scenario: Scenario, modelled: Sequence[Stretch], measured: Sequence[Stretch]) -> Iterator[str]:
    """Yield what a scenario does, range by range, with the drawings and the change that made each turn."""
    yield f"{scenario.name}: {scenario.summary}"
    yield from (f"    {text}" for text in calls(scenario))
    yield from _drawings(before(scenario), scenario)
    yield ""
    for stretch in modelled:
        yield from _stretch(stretch, scenario)
    if measured:
        yield "  measured:"
        for stretch in measured:
            yield from _stretch(stretch, scenario)
    yield ""


def _stretch(stretch: Stretch, scenario: Scenario) -> Iterator[str]:
    for change in stretch.cause or ():
        yield from wrapped(change_text(change), "  -- ", "     ")
    kind = f"  [{stretch.kind}]" if stretch.kind else ""
    yield f"  {stretch.kernels}: {stretch.label}{kind}"
    outcome = stretch.execution.outcome
    if outcome is None:
        yield f"      {stretch.execution.reason}"
    else:
        yield from _drawings(outcome.regions, scenario)


def _drawings(drawings: Mapping[str, str], scenario: Scenario) -> Iterator[str]:
    regions = align(drawings, [region.name for region in scenario.regions])
    width = max((len(name) for name in regions), default=0)
    for name, drawing in regions.items():
        yield f'      {name:<{width}} "{shorten(compact(drawing), WIDTH - width - 9)}"'
