"""Kernels with fault injection, swept in virtual machines: ``MREMAPCHECK_FAULT_KERNELS`` names their images.

Several are separated by colons; ``mremapcheck help faults`` says how one is built.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mremapcheck.compare.allowed import held
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.sweep import ROUNDS, sweep
from mremapcheck.executors.vm.executor import VmExecutor
from tests import shipped
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent
IMAGES = [image for image in os.environ.get("MREMAPCHECK_FAULT_KERNELS", "").split(":") if image]

#: No distribution ships such kernels, so no machine must have them.
pytestmark = pytest.mark.kernel if IMAGES else pytest.mark.skip("MREMAPCHECK_FAULT_KERNELS names no kernel")


@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="there is no qemu-system-x86_64")
@pytest.mark.parametrize("image", IMAGES)
def test_what_is_seen_is_allowed_and_seen_again(image: str) -> None:
    scenarios = list(shipped.scenarios("faults"))
    with VmExecutor(image, timeout=PATIENCE) as machine:
        once = list(sweep(machine, scenarios, ROUNDS))
        again = list(sweep(machine, scenarios, ROUNDS))
        version = machine.kernel.version
    allowed = sweep(ModelExecutor(resolve(str(version))), scenarios)
    for scenario, model, seen, twice in zip(scenarios, allowed, once, again, strict=True):
        result = held(scenario, model, seen, (version, version), oracle=True)
        assert result.status == "pass", f"{scenario.name}: {result.reason}"
        assert [move.to_json() for move in seen.moves] == [move.to_json() for move in twice.moves]
    assert sum(sweep.seen for sweep in once) > 50
