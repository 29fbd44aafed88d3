"""Scenarios run by an executor, and what comes of it held against what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mremapcheck.outcome.expectations import Result, judge

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor
    from mremapcheck.linux.versions.version import KernelVersion
    from mremapcheck.scenario.document import Scenario


def judge_all(
    executor: Executor, scenarios: Sequence[Scenario], version: KernelVersion | None = None
) -> Iterator[Result]:
    """Run the scenarios and judge each, as ``version`` or else as the executor's own kernel."""
    version = version or executor.kernel.version
    for scenario, execution in zip(scenarios, executor.run(scenarios), strict=True):
        yield judge(scenario, execution, version)
