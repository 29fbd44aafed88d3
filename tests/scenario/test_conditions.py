"""What a scenario says of its process, beside limits: filters of system calls, what is locked from now on."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.executors.protocol import Executor
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario import picture
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document

MOVE = {"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}


def made(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"map": {"src": "AA", "dst": "XX.."}, "moves": [*items, MOVE], **more}


def see(executor: Executor, document: dict[str, Any]) -> Outcome:
    with executor:
        (execution,) = executor.run([parse_document(document)])
    assert execution.outcome is not None, execution.reason
    return execution.outcome


@pytest.mark.parametrize("errno", ["EPERM", "ENOSYS", "EAGAIN", "ENOMEM"])
def test_a_filter_refuses_and_changes_nothing(executor: Executor, errno: str) -> None:
    outcome = see(executor, made(process={"seccomp": {"mremap": errno}, "fork": True}))
    assert str(outcome.moves[0]) == f"{errno} refused"
    assert outcome.regions == {"src": "AA", "dst": "XX.."}


@pytest.mark.parametrize(("lock", "present"), [(True, "##"), ("on-fault", "--")])
def test_what_is_mapped_from_now_on_is_locked(executor: Executor, lock: Any, present: str) -> None:
    new = {"op": "mmap", "address": "dst+2p", "size": "2p", "letter": "N"}
    outcome = see(executor, made({"op": "mlockall", "lock": lock}, new))
    assert outcome.counters["locked"] == 2
    assert outcome.residency["dst"] == "##" + present
    assert [(vma.start, "locked" in vma.flags) for vma in outcome.mappings] == [(0, False), (2, True)]


def test_a_child_locks_nothing(executor: Executor) -> None:
    new = {"op": "mmap", "address": "dst+2p", "size": "2p", "letter": "N"}
    assert see(executor, made({"op": "mlockall"}, {"op": "fork"}, new)).counters["locked"] == 0


def test_pictures_are_read_back() -> None:
    scenario = parse_document(
        made({"op": "mlockall"}, {"op": "mlockall", "lock": "on-fault"}, process={"seccomp": {"mremap": "EPERM"}})
    )
    words = ["src=AA", "dst=XX..", picture.conditions(scenario), *picture.calls(scenario)]
    assert parse_document(document(words)).digest == scenario.digest


@pytest.mark.parametrize(
    ("process", "message"),
    [
        ({"seccomp": {"mremap": "none"}}, "`none` is no failure"),
        ({"seccomp": {"munmap": "EPERM"}}, "unknown key `munmap`"),
        ({"seccomp": {}}, "`mremap` is missing"),
    ],
)
def test_filters_that_cannot_be(process: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_document(made(process=process))
    assert message in str(error.value)
