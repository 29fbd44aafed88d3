"""Every fact of the history says where it is known from, and what was measured is what the recordings show."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.evidence import COMMIT, RELEASE, Evidence, evidence_of
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.pipeline import HistoryError
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import CHANGES
from mremapcheck.executors.recorded import RecordedExecutor
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario.document import Scenario
from tests import shipped

ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "data" / "recorded"

MEASURED = [(change.id, piece) for change in CHANGES for piece in evidence_of(change) if piece.basis == "measured"]


def test_what_is_no_evidence_is_a_mistake_of_the_history() -> None:
    for text in ("commit: nowhere", "commit heard: of it", "6.1"):
        with pytest.raises(HistoryError, match="no evidence"):
            evidence_of(replace(CHANGES[0], evidence=text))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.id)
def test_every_fact_has_evidence(change: Change) -> None:
    facts = [COMMIT, RELEASE, *map(str, change.stable)]
    assert list(dict.fromkeys(piece.fact for piece in evidence_of(change))) == facts
    assert all(piece.text for piece in evidence_of(change))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.id)
def test_a_commit_is_known_or_was_looked_for(change: Change) -> None:
    assert re.fullmatch(r"([0-9a-f]{12})?", change.commit)
    pieces = [piece for piece in evidence_of(change) if piece.fact == COMMIT]
    known = any(piece.basis not in ("inferred", "queued") for piece in pieces)
    assert known == bool(change.commit) or change.stable_only


@cache
def _scenarios() -> dict[str, Scenario]:
    return {scenario.name: scenario for scenario in shipped.scenarios()}


@cache
def _recorded(name: str, scenario: str) -> tuple[str, Outcome]:
    """Return the reference of a recorded kernel's model, as its version and boot options have it, and what it did."""
    with RecordedExecutor(str(RECORDED / f"{name}.json.xz")) as executor:
        (execution,) = executor.run([_scenarios()[scenario]])
        kernel = executor.kernel
    assert execution.outcome is not None, f"{name}: {execution.reason}"
    return "+".join((str(kernel.version), *kernel.switched_on)), replace(execution.outcome, kernel_log=())


def _modelled(reference: str, scenario: str) -> Outcome | None:
    with ModelExecutor(resolve(reference)) as executor:
        (execution,) = executor.run([_scenarios()[scenario]])
    return execution.outcome


@pytest.mark.parametrize(("id_", "piece"), MEASURED, ids=lambda value: value if isinstance(value, str) else value.fact)
def test_what_was_measured_is_recorded(id_: str, piece: Evidence) -> None:
    assert piece.lacks or piece.has
    for name, toggle in ((piece.lacks, f"+{id_}"), (piece.has, f"-{id_}")):
        if name:
            model, real = _recorded(name, piece.scenario)
            assert _modelled(model, piece.scenario) == real
            assert _modelled(model + toggle, piece.scenario) != real
