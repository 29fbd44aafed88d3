"""The model against what real kernels did with every shipped scenario, recorded so that no kernel need boot.

Renew a recording after changing scenarios (the folder's names are those of ``mremapcheck kernels``)::

    mremapcheck run scenarios/ --kernel vm:6.12.107 --record tests/data/recorded/6.12.107.json.xz
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.recorded import RecordedExecutor
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.loader import load_paths

ROOT = Path(__file__).parent.parent
RECORDINGS = sorted((ROOT / "tests" / "data" / "recorded").glob("*.json.xz"))

#: A real kernel that is no release: 7.2.12 without what 6.17-rc3 brought.
MODELS = {
    "7.2.12-prepatch": "7.2.12-early-failure-thp-multi-move",
    # virtual machines boot with secretmem.enable=1
    "6.1.176": "6.1.176+secret-by-default",
    "6.1.192": "6.1.192+secret-by-default",
}

#: Configuration that this kernel was built without, so it lacks what its version promises.
LACKS = {"7.2.12-prepatch": "-anon-names-shared-anon-names"}


@cache
def _scenarios() -> list[Scenario]:
    return list(load_paths([ROOT / "scenarios"]).scenarios)


def test_there_are_recordings_of_every_era() -> None:
    names = {path.name.removesuffix(".json.xz") for path in RECORDINGS}
    assert {name.rsplit(".", 1)[0] for name in names} >= {
        *("5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"),
    }
    assert "7.2.12-prepatch" in names


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".json.xz"))
def test_the_model_is_the_kernel(path: Path) -> None:
    name = path.name.removesuffix(".json.xz")
    model = resolve(MODELS.get(name, name) + LACKS.get(name, ""))
    wrong = []
    ran = 0
    with RecordedExecutor(str(path)) as recorded, ModelExecutor(model) as executor:
        for scenario, real, expected in zip(
            _scenarios(), recorded.run(_scenarios()), executor.run(_scenarios()), strict=True
        ):
            if real.status == "skip" and "not recorded" not in (real.reason or ""):
                continue
            if real.outcome is None or replace(real.outcome, kernel_log=()) != expected.outcome:
                wrong.append(f"{scenario.name}: {real}\n  model: {expected}")
            ran += 1
    assert not wrong, f"{len(wrong)} of {ran}\n" + "\n".join(wrong[:5])
    assert ran > 0.8 * len(_scenarios())
