"""What each region holds when the first move begins, drawn as outcomes are drawn.

The model runs what comes before the first move, so that a page that nobody has written to looks the same before
and after: a letter where it holds that letter's data, ``_`` where it holds nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mremapcheck.scenario.operations import Mremap

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def before(scenario: Scenario) -> Mapping[str, str]:
    """Return the drawing of every region; where the model cannot make it, the one that the scenario has."""
    drawn = _written(scenario)
    if not scenario.setup:
        return drawn
    from mremapcheck.executors.model.executor import ModelExecutor
    from mremapcheck.executors.model.reference import resolve
    from mremapcheck.executors.model.registry import NEWEST

    script = scenario.script
    first = next((index for index, item in enumerate(script) if isinstance(item, Mremap)), len(script))
    with ModelExecutor(resolve(str(NEWEST))) as executor:
        (execution,) = executor.run([replace(scenario, script=script[:first])])
    return drawn if execution.outcome is None else execution.outcome.regions


def _written(scenario: Scenario) -> dict[str, str]:
    drawings = {}
    for region in scenario.regions:
        pages = ["."] * region.pages
        for run in region.runs:
            pages[run.start : run.start + run.pages] = run.letter * run.pages
        drawings[region.name] = "".join(pages)
    return drawings
