"""Small scenarios for the model's tests, and one line that says what came of them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mremap
from mremapcheck.scenario.parse import parse_document

F = "MAYMOVE|FIXED"
M = "MAYMOVE"
D = "MAYMOVE|DONTUNMAP"
FD = "MAYMOVE|FIXED|DONTUNMAP"


def _size(size: int | str) -> str:
    return f"{size}p" if isinstance(size, int) else size


def move(
    old: str, old_size: int | str, new_size: int | str, flags: str | int = 0, new: str | None = None
) -> dict[str, Any]:
    """Return a mremap item; a bare number is a size in pages."""
    item: dict[str, Any] = {
        "old_address": old,
        "old_size": _size(old_size),
        "new_size": _size(new_size),
        "flags": flags,
    }
    if new is not None:
        item["new_address"] = new
    return item


def do(op: str, address: str | None = None, size: int | str | None = None, **attributes: Any) -> dict[str, Any]:
    """Return another item of ``moves``."""
    item: dict[str, Any] = {"op": op}
    if address is not None:
        item["address"] = address
    if size is not None:
        item["size"] = _size(size)
    return item | attributes


def scene(
    *moves: dict[str, Any],
    vmas: dict[str, dict[str, Any]] | None = None,
    process: dict[str, Any] | None = None,
    **regions: Any,
) -> Scenario:
    """Return a scenario; keywords are the drawings of regions."""
    document: dict[str, Any] = {"summary": "a test", "map": regions, "moves": list(moves)}
    if vmas:
        document["vmas"] = vmas
    if process:
        document["process"] = process
    return parse_document(document)


def starved(scenario: Scenario, nth: int) -> Scenario:
    """Return the scenario with the ``nth`` allocation of its last move failing."""
    *before, last = scenario.script
    assert isinstance(last, Mremap)
    return replace(scenario, script=(*before, replace(last, fail_nth=nth)))


@lru_cache(maxsize=256)
def executor(kernel: str) -> ModelExecutor:
    return ModelExecutor(resolve(kernel))


def execute(kernel: str, scenario: Scenario) -> Execution:
    return executor(kernel).execute(scenario)


def run(kernel: str, scenario: Scenario) -> Outcome:
    """Return the outcome; a scenario that does not run is a mistake of the test."""
    execution = execute(kernel, scenario)
    assert execution.outcome is not None, execution.reason
    return execution.outcome


def layout(outcome: Outcome, region: str) -> str:
    """Return a region's mappings as ``0+3 3+1``: start and length in pages."""
    return " ".join(f"{m.start}+{m.pages}" for m in outcome.mappings if m.region == region)


def told(execution: Execution, show: str = "moves regions") -> str:
    """Say in a line what came of a scenario: of its last move and, as ``show`` asks, of its regions, mappings ..."""
    outcome = execution.outcome
    if outcome is None:
        return f"{execution.status}: {execution.reason}"
    words: list[str] = []
    for wanted in show.split():
        if wanted == "moves":
            words.append(outcome.moves[-1].errno or str(outcome.moves[-1].result))
            words.append(outcome.moves[-1].verdict)
        elif wanted == "regions":
            words += [f"{name}={drawing}" for name, drawing in outcome.regions.items() if name in ("src", "dst")]
        elif wanted == "layout":
            words += [f"{name}[{layout(outcome, name)}]" for name in outcome.regions if layout(outcome, name)]
        elif wanted == "flags":
            words += [f"{m.region}{m.start:+d}:{','.join(m.flags)}" for m in outcome.mappings]
        elif wanted == "counters":
            words.append(" ".join(f"{name} {pages}" for name, pages in outcome.counters.items()))
        elif wanted == "events":
            words += [" ".join(event.values()) for event in outcome.events]
        elif wanted == "present":
            words += [f"{name}:{drawing}" for name, drawing in outcome.residency.items()]
        elif wanted == "bits":
            words += [f"{bit} {name}={drawing}" for bit, each in outcome.bits.items() for name, drawing in each.items()]
        elif wanted == "where":
            words += [f"{name}{start:+d}={letter}{first}" for name, start, _, letter, first in outcome.contents]
        else:
            raise ValueError(wanted)
    return " ".join(words)
