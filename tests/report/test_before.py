"""What is drawn as ``before`` without a model is what the model says."""

from __future__ import annotations

import pytest

from mremapcheck.campaign.source import Random
from mremapcheck.compare.pair import load
from mremapcheck.report import before
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.selection import select


def test_a_drawing_without_a_model_is_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios: list[Scenario] = list(select([], []))
    scenarios += filter(None, map(load, Random(5, models=True).documents(0, 200)))
    at_once = [scenario for scenario in scenarios if before._is_all_written(scenario)]
    assert len(at_once) > 50
    drawn = [dict(before.before(scenario)) for scenario in at_once]
    monkeypatch.setattr(before, "_is_all_written", lambda scenario: False)
    assert drawn == [dict(before.before(scenario)) for scenario in at_once]
