from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document

Run: TypeAlias = Callable[..., Execution]
See: TypeAlias = Callable[..., Outcome]


def scenario(**document: Any) -> Scenario:
    """Return a scenario from the parts of its document; ``flags`` etc. make one move from src to dst."""
    document = {"summary": "A test", "map": {"src": "AAA", "dst": "..."}, **document}
    document.setdefault("moves", [move()])
    return parse_document(document)


def move(size: str = "3p", flags: str = "MAYMOVE|FIXED", **more: Any) -> dict[str, Any]:
    return {"old_address": "src", "old_size": size, "new_address": "dst", "flags": flags, **more}


@pytest.fixture(scope="session")
def live() -> Iterator[LiveExecutor]:
    with LiveExecutor(timeout=60.0) as executor:
        yield executor


@pytest.fixture(scope="session")
def run(live: LiveExecutor) -> Run:
    """Run one scenario and return what came of it."""

    def once(**document: Any) -> Execution:
        (execution,) = live.run([scenario(**document)])
        return execution

    return once


@pytest.fixture(scope="session")
def see(run: Run) -> See:
    """Run one scenario and return its outcome; a test is skipped where the kernel or the user lacks something."""

    def outcome(**document: Any) -> Outcome:
        execution = run(**document)
        if execution.status == "skip":
            pytest.skip(execution.reason or "")
        assert execution.outcome is not None, execution.reason
        return execution.outcome

    return outcome
