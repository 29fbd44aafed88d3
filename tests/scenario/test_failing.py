"""Operations that are expected to fail: what can be said, and what comes of it on the models and on this kernel."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.executors.protocol import Executor
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario import picture
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document
from tests.scenario.documents import scenario

STAY = {"old_address": "src", "old_size": "1p"}


def closed(**item: Any) -> dict[str, Any]:
    return {
        "map": {"src": "AR", "dst": ".."},
        "vmas": {"R": {"prot": "r"}},
        "moves": [{"address": "src", "size": "2p", **item}, STAY],
    }


def run(executor: Executor, made: dict[str, Any]) -> Execution:
    with executor:
        (execution,) = executor.run([parse_document(made)])
    return execution


def test_what_fails_as_expected_goes_on(executor: Executor) -> None:
    execution = run(executor, closed(op="touch", errno="EFAULT"))
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.regions["src"] == "AR"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"op": "touch"}, "touch failed: EFAULT at page 1"),
        ({"op": "touch", "errno": "EINVAL"}, "touch failed: EFAULT at page 1, not EINVAL"),
        ({"op": "read", "errno": "EFAULT"}, "read did not fail with EFAULT"),
        ({"op": "munmap", "errno": "EINVAL"}, "munmap did not fail with EINVAL"),
        ({"op": "mlock", "address": "dst", "errno": "EAGAIN"}, "mlock failed: ENOMEM, not EAGAIN"),
        (
            {"op": "mmap", "kind": "memfd", "letter": "C", "errno": "ENODEV"},
            "mmap did not fail with ENODEV",
        ),
    ],
)
def test_what_does_otherwise_is_an_error(executor: Executor, item: dict[str, Any], reason: str) -> None:
    execution = run(executor, closed(**item))
    assert execution.status == "error"
    assert execution.reason is not None and execution.reason.endswith(f": {reason}")


def test_a_lock_without_pages_is_a_failure_where_one_is_expected(executor: Executor) -> None:
    made = closed(op="mlock", errno="ENOMEM")
    made["vmas"]["R"] = {"prot": "none"}
    execution = run(executor, made)
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.counters["locked"] == 2


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"op": "touch", "errno": "none"}, "`none` is no failure"),
        ({"op": "touch", "errno": "EFALT"}, "is not the name of an errno"),
        ({"op": "mmap", "letter": "C", "errno": "EINVAL", "lock": True}, "is not prepared"),
        ({"op": "mmap", "letter": "C", "errno": "EINVAL", "kind": "sysv-shm"}, "takes more than mmap(2)"),
    ],
)
def test_what_makes_no_sense_is_refused(item: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_document(closed(**item))
    assert message in caught.value.problems[0].message


def test_it_counts_for_the_digest_only_where_it_is_said() -> None:
    item = {"op": "touch", "address": "src", "size": "1p"}
    plain, failing = scenario(moves=[item, STAY]), scenario(moves=[{**item, "errno": "EFAULT"}, STAY])
    assert plain.digest == "1e3517cd07d49506" and failing.digest != plain.digest


def test_it_is_shown_as_it_can_be_tried() -> None:
    shown = picture.moves(parse_document(closed(op="touch", errno="EFAULT")))
    assert shown.startswith("touch(src, 2p, AR) fails: EFAULT")
    again = document(["src=A", "touch(dst, 1p) fails: EFAULT", "mremap(src, 1p)"])
    assert again["moves"][0] == {"op": "touch", "address": "dst", "size": "1p", "errno": "EFAULT"}
