"""The running kernel against what an independent program in C recorded on a kernel of the same series."""

from __future__ import annotations

import json

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.linux.versions.version import KernelVersion
from tests.model.test_truth import FILES, disagreement, lines, parsed


def test_same_series(live: LiveExecutor) -> None:
    series = live.kernel.version.series
    files = [file for file in FILES if file.name[0].isdigit() and KernelVersion.parse(file.name[:-9]).series == series]
    if not files:
        pytest.skip(f"nothing was recorded of Linux {live.kernel.version}")
    truths = list(lines(files[0]))
    scenarios = [parsed(json.dumps(truth["scenario"])) for truth in truths]
    wrong = []
    for truth, scenario, execution in zip(truths, scenarios, live.run(scenarios), strict=True):
        if execution.outcome is None:
            wrong.append(f"{scenario.name}: {execution.reason}")
        elif difference := disagreement(scenario, execution.outcome, truth):
            wrong.append(f"{scenario.name}: {difference}")
    assert wrong == []
