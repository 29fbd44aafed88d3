"""Settings of the whole machine, which no test may change: what a worker makes of them."""

from __future__ import annotations

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.live import shortage
from mremapcheck.executors.live.executor import LiveExecutor
from tests.live.conftest import move, scenario

#: All of these fork.
pytestmark = pytest.mark.alone


def test_too_few_map_slots_for_any_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortage, "_setting", {"max_map_count": 64}.get)
    with (
        LiveExecutor(fresh=False) as executor,
        pytest.raises(ExecutorError, match=r"vm\.max_map_count is 64 here") as told,
    ):
        list(executor.run([scenario()]))
    assert told.value.hint == "set it to 65530"


def test_memory_that_is_promised_already_is_no_answer_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortage, "_setting", {"max_map_count": 65530, "overcommit_memory": 2}.get)
    monkeypatch.setattr(shortage, "_free_to_commit", lambda: 0)
    limited = scenario(process={"rlimits": {"as": "+1p"}}, moves=[move("3p", "MAYMOVE", new_size="9p")])
    with LiveExecutor(fresh=False) as executor:
        found = list(executor.run([scenario(), limited]))
    assert found[0].outcome is not None
    assert found[1].status == "skip"
    assert found[1].reason == "vm.overcommit_memory is 2 here and too much memory is promised already: set it to 0"
