"""What each region holds when the first move begins, drawn as outcomes are drawn.

The model runs what comes before the first move, so that a page that nobody has written to looks the same before
and after: a letter where it holds that letter's data, ``_`` where it holds nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mremapcheck.base.units import pages
from mremapcheck.scenario.operations import Mmap, Mprotect, Mremap, Touch

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def before(scenario: Scenario) -> Mapping[str, str]:
    """Return the drawing of every region; where the model cannot make it, the one that the scenario has."""
    drawn = _written(scenario)
    if _is_all_written(scenario):
        return drawn
    from mremapcheck.executors.model.executor import ModelExecutor
    from mremapcheck.executors.model.reference import resolve
    from mremapcheck.executors.model.registry import NEWEST

    script = scenario.script
    first = next((index for index, item in enumerate(script) if isinstance(item, Mremap)), len(script))
    with ModelExecutor(resolve(str(NEWEST))) as executor:
        (execution,) = executor.run([replace(scenario, script=script[:first])])
    return drawn if execution.outcome is None else execution.outcome.regions


def _is_all_written(scenario: Scenario) -> bool:
    """Tell whether every page holds its own letter's data, so that nobody needs to load a model to see it."""
    maps = [step for step in scenario.setup if isinstance(step, Mmap)]
    written = sum(len(step.tags) for step in scenario.setup if isinstance(step, Touch))
    plain = all(isinstance(step, (Mmap, Touch, Mprotect)) for step in scenario.setup)
    shared = {(step.object, step.letter) for step in maps if step.object}
    alone = len({name for name, _ in shared}) == len(shared)
    moved = isinstance(scenario.script[0], Mremap)
    return plain and alone and moved and written == sum(pages(step.size) for step in maps)


def _written(scenario: Scenario) -> dict[str, str]:
    drawings = {}
    for region in scenario.regions:
        pages = ["."] * region.pages
        for run in region.runs:
            pages[run.start : run.start + run.pages] = run.letter * run.pages
        drawings[region.name] = "".join(pages)
    return drawings
