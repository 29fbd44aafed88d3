from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.parallel import Parallel, lockstep
from mremapcheck.executors.protocol import Kernel
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from tests.factories import kernel, scenario

CASES = [scenario(f"case{number}") for number in range(100)]


class Echo:
    """Answers with the scenario's name and the process that it ran in; breaks at ``bad``."""

    def __init__(self, executor: str = "model", bad: str = "") -> None:
        self.kernel: Kernel = kernel("6.17", executor)
        self._bad = bad

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        for case in scenarios:
            if case.name == self._bad:
                raise ExecutorError("the guest died", "look at its log")
            yield Execution("skip", None, f"{case.name} {os.getpid()}")

    def __enter__(self) -> Echo:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


@pytest.mark.alone
def test_results_come_in_order_and_from_several_processes() -> None:
    with Parallel(Echo, 3) as executor:
        answers = [(execution.reason or "").split() for execution in executor.run(CASES)]
    assert [name for name, _ in answers] == [case.name for case in CASES]
    assert str(os.getpid()) not in {pid for _, pid in answers}


@pytest.mark.alone
def test_an_error_of_a_process_arrives_with_its_hint() -> None:
    with (
        Parallel(lambda: Echo(bad="case40"), 2) as executor,
        pytest.raises(ExecutorError, match="guest died") as caught,
    ):
        list(executor.run(CASES))
    assert caught.value.hint == "look at its log"


@pytest.mark.alone
def test_an_executor_that_cannot_start_ends_the_run() -> None:
    class Broken(Echo):
        def __enter__(self) -> Echo:
            raise ExecutorError("no QEMU")

    with pytest.raises(ExecutorError, match="no QEMU"):
        Parallel(Broken, 2)


@pytest.mark.parametrize("executor", ["model", "vm"])
def test_several_kernels_in_lockstep(executor: str) -> None:
    rows = list(lockstep([Echo(executor), Echo(executor), Echo()], CASES))
    assert [[(cell.reason or "").split()[0] for cell in row] for row in rows] == [[case.name] * 3 for case in CASES]


def test_lockstep_gives_what_there_is_before_an_error() -> None:
    rows = lockstep([Echo("vm"), Echo("vm", bad="case3")], CASES)
    assert len(list(islice(rows, 3))) == 3
    with pytest.raises(ExecutorError):
        next(rows)
