"""Mismatches of the past, in their smallest form: the model of the running release does what the kernel does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.compare.finding import examine
from mremapcheck.executors.references import open_executor
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.loader import load_paths

SCENARIOS = load_paths([Path(__file__).parent / "regressions"]).scenarios


def test_there_are_regressions() -> None:
    assert len(SCENARIOS) >= 9


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_model_and_running_kernel_agree(scenario: Scenario) -> None:
    with open_executor("live") as live:
        (seen,) = live.run([scenario])
        release = str(live.kernel.version)
    try:
        model = open_executor(release)
    except KernelReferenceError as unknown:
        pytest.skip(str(unknown))
    with model:
        (expected,) = model.run([scenario])
    finding = examine(scenario, expected, seen)
    assert finding.status not in ("different", "unanswered"), (finding, expected.reason, seen.reason)
