"""Processes and programs that are started end with whoever has started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.process_pool import ProcessPool
from mremapcheck.linux.programs import ProcessTree
from tests.waiting import runs, until

#: All of these fork.
pytestmark = pytest.mark.alone

ROOT = Path(__file__).parent.parent.parent


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def twice(number: int) -> int:
    return 2 * number


def fail() -> None:
    raise ExecutorError("the guest died", "look at its log")


def gone(pid: int) -> bool:
    """Wait until a process has ended: the kernel may take a moment for it."""
    return until(lambda: not runs(pid), f"the end of {pid}")


def test_work_is_shared_and_answered_in_order() -> None:
    with ProcessPool(3) as processes:
        answers = [processes.submit(twice, number) for number in range(50)]
        assert [answer.result() for answer in answers] == [2 * number for number in range(50)]


def test_an_error_comes_with_its_hint_and_where_it_was() -> None:
    with ProcessPool(1) as processes, pytest.raises(ExecutorError, match="the guest died") as caught:
        processes.submit(fail).result()
    assert caught.value.hint == "look at its log"
    assert "in fail" in str(caught.value.__cause__)


def test_what_cannot_be_sent_is_an_error() -> None:
    with ProcessPool(1) as processes:
        with pytest.raises(RuntimeError, match="cannot be sent"):
            processes.submit(make_function).result()
        assert processes.submit(twice, 4).result() == 8


def make_function() -> Callable[[], None]:
    return lambda: None


def test_a_killed_process_is_told_of_and_the_others_go_on() -> None:
    with ProcessPool(2) as processes:
        killed = processes.submit(die, signal.SIGKILL)
        others: list[Future[int]] = [processes.submit(twice, number) for number in range(20)]
        with pytest.raises(ExecutorError, match="was killed by SIGKILL"):
            killed.result()
        assert [other.result() for other in others] == [2 * number for number in range(20)]


def test_without_any_process_nothing_is_waited_for() -> None:
    with ProcessPool(1) as processes:
        answers = [processes.submit(die, signal.SIGKILL), processes.submit(die, signal.SIGKILL)]
        for answer in answers:
            with pytest.raises(ExecutorError, match="was killed"):
                answer.result()


def test_signals_to_a_group_reach_only_who_reports() -> None:
    with ProcessPool(1) as processes:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            processes.submit(die, number).result()


@pytest.mark.parametrize("idle", [True, False])
def test_leaving_ends_all_of_them(idle: bool) -> None:
    with ProcessPool(2) as processes:
        numbers = {processes.submit(os.getpid).result() for _ in range(20)}
        if not idle:
            processes.submit(time.sleep, 600)
            processes.submit(time.sleep, 600)
    assert all(gone(number) for number in numbers)


PARENT = """
import os, sys, time
sys.path.insert(0, {root!r})
from mremapcheck.executors.process_pool import ProcessPool
processes = ProcessPool(2)
answers = [processes.submit(time.sleep, 600) for _ in range(2)]
print(*[process._number for process in processes._alive], flush=True)
answers[0].result()
"""
GRANDPARENT = """
import sys
sys.path.insert(0, {root!r})
from mremapcheck.linux.programs import ProcessTree
family = ProcessTree(["/bin/sh", "-c", "sleep 600 & setsid sleep 600 & echo $! $$; wait"])
while True:
    try:
        family.wait(1)
    except Exception:
        pass
"""


@pytest.mark.parametrize("program", [PARENT, GRANDPARENT])
def test_a_killed_parent_leaves_nobody(program: str) -> None:
    command = [sys.executable, "-c", program.format(root=str(ROOT))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        numbers = [int(word) for word in parent.stdout.readline().split()]
        assert len(numbers) == 2
        parent.kill()
    assert all(gone(number) for number in numbers)


def test_a_family_tells_how_its_program_ended() -> None:
    with ProcessTree(["/bin/sh", "-c", "exit 3"]) as family:
        assert family.wait(60) == 3
    with ProcessTree(["/bin/sh", "-c", "kill -TERM $$"]) as family:
        assert family.wait(60) == -signal.SIGTERM


def test_leaving_a_family_ends_it() -> None:
    with ProcessTree(["/bin/sh", "-c", "sleep 600"]) as family:
        with pytest.raises(subprocess.TimeoutExpired):
            family.wait(0.01)
        number = family.pid
    assert gone(number)
