"""What is counted for a scenario, and what for the interpreter that runs it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import cast

import pytest

from mremapcheck.executors.live import conditions
from mremapcheck.executors.live.conditions import Limits
from mremapcheck.executors.live.proc import Proc
from mremapcheck.linux.numbers import MCL_FUTURE, RESOURCES


class Interpreter:
    """Has two pages of a scenario locked, and locks more of its own while it is looked at for the first time."""

    def __init__(self) -> None:
        self.own = 0

    def status(self, name: bytes) -> int:
        return 2 + self.own if name == b"VmLck" else 0

    def foreign_locked(self, places: list[tuple[int, int]]) -> int:
        seen, self.own = self.own, 256
        return seen


@pytest.fixture
def limits() -> Iterator[None]:
    before = {which: resource.getrlimit(which) for which in RESOURCES.values()}
    yield
    for which, pair in before.items():
        resource.setrlimit(which, pair)


@pytest.mark.usefixtures("limits")
def test_what_looking_takes_is_not_locked_for_the_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "call", lambda *_: 0)
    limits = Limits(cast(Proc, Interpreter()))
    limits.lock_future(MCL_FUTURE)
    assert limits.locked([]) == 2
