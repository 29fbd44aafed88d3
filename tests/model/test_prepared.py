from __future__ import annotations

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.pipeline import Step
from mremapcheck.executors.model.reference import resolve
from tests.model.helpers import do, execute, move, scene


@pytest.mark.parametrize("kernel", ["5.4", "6.11", "6.12", "6.17", "7.3"])
def test_the_last_step_of_munmap_unmaps(kernel: str) -> None:
    """What prepares an unmapping relies on it."""
    steps: list[Step] = resolve(kernel).steps()["munmap"]
    assert steps[-1].slot == "unmap_range"


@pytest.mark.parametrize("kernel", ["6.11", "6.12", "7.3"])
def test_a_traced_model_does_what_others_do(kernel: str) -> None:
    """Here mmap finds no room for a page more, after it has looked at what it would unmap."""
    tight = {"rlimits": {"as": "+0p"}}
    limited = scene(do("mmap", "src+2p", 2, letter="B"), move("src", 1, 1), src="AAA", process=tight)
    traced = ModelExecutor(resolve(kernel), trace=True).execute(limited)
    assert (traced.status, traced.reason) == ("error", execute(kernel, limited).reason)
    assert "mmap failed: ENOMEM" in str(traced.reason)
