"""The model against what real kernels did with every shipped scenario, recorded so that no kernel need boot.

``.ci/record`` renews the recordings after scenarios have changed; what the others lack since then is not asked of them.
"""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path

import pytest

from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Kernel
from mremapcheck.executors.recorded import RecordedExecutor
from mremapcheck.scenario.document import Scenario
from tests import shipped
from tests.vm.agreement import RECORDED, differences

ROOT = Path(__file__).parent.parent
RECORDINGS = {path.name.removesuffix(".json.xz"): path for path in RECORDED.glob("*.json.xz")}
#: One of every era: of these every scenario must be recorded. The others tell which stable update brought what.
WHOLE = [
    "5.10.262",
    "6.1.192",
    "6.12.118",
    "6.16.12",
    "6.17.13",
    "6.18.15",
    "6.19.14",
    "7.0.13",
    "7.1.13",
    "7.2.13",
    "7.3.4",
    "7.3.4@arm64",
    "7.3.4@arm64-16k",
]


@cache
def _model(name: str, kernel: Kernel) -> ModelKernel:
    """Return the model of a recorded kernel, as its version and boot options have it."""
    if name == "7.2.12-prepatch":  # no release: 7.2.12 without what 6.17-rc3 brought
        return resolve("7.2.12-early-failure-thp-multi-move")
    return resolve("+".join((str(kernel.version), *kernel.switched_on)) + f"@{kernel.platform.name}")


def _recorded(name: str) -> list[Scenario]:
    """Return the scenarios that were recorded as they are today."""
    with lzma.open(RECORDINGS[name]) as file:
        digests = {result["digest"] for result in json.load(file)["results"]}
    return [scenario for scenario in shipped.scenarios() if scenario.digest in digests]


@pytest.mark.parametrize("name", WHOLE)
def test_every_scenario_is_recorded(name: str) -> None:
    assert not {scenario.name for scenario in shipped.scenarios()} - {scenario.name for scenario in _recorded(name)}


@pytest.mark.parametrize("name", sorted(RECORDINGS))
def test_the_model_is_the_kernel(name: str) -> None:
    scenarios = _recorded(name)
    with RecordedExecutor(str(RECORDINGS[name])) as recorded:
        executions = list(recorded.run(scenarios))
    ran = sum(execution.status != "skip" for execution in executions)
    wrong = differences(_model(name, recorded.kernel), scenarios, executions)
    assert not wrong, f"{len(wrong)} of {ran}\n" + "\n".join(wrong[:5])
    assert ran > 0.7 * len(shipped.scenarios())
