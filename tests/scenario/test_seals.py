"""Seals of memfds: what sealing takes away, and which mappings keep a memfd from being sealed against writing."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Executor
from mremapcheck.executors.references import open_executor
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario import picture
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.operations import AddSeals, Mmap, Munmap, Touch
from mremapcheck.scenario.parse import parse_document
from tests.model.helpers import F, do, move

MOVE = move("src", 2, 2, F, "dst")
UNMAP = do("munmap", "dst", 2)


def made(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {
        "map": {"src": "AA", "dst": ".."},
        "vmas": {"A": {"kind": "memfd", "file": "f", **attributes}},
        "moves": [*items, move("src", 1, 1)],
    }


def seal(*seals: str, **more: Any) -> dict[str, Any]:
    return {"op": "add-seals", "letter": "A", "seals": list(seals), **more}


def again(**more: Any) -> dict[str, Any]:
    return do("mmap", "dst", 1, letter="U", kind="memfd", file="f", **more)


@pytest.fixture(params=["5.10.262", "6.1.192", "6.12.118", "6.17", "7.3", "live"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return open_executor(request.param)


READ = {"seals": "future-write", "prot": "r"}


def ran(executor: Executor, document: dict[str, Any]) -> Execution:
    with executor:
        (execution,) = executor.run([parse_document(document)])
    return execution


@pytest.mark.parametrize(
    ("steps", "attributes"),
    [
        ([MOVE, do("mprotect", "dst", 2, prot="none")], {}),
        ([move("src", 0, 2, F, "dst"), do("munmap", "src", 2)], {}),
        ([move("src", 2, 1, F, "dst"), move("src", 1, 1, F, "dst+1p")], {}),
        ([do("fork"), do("munmap", "src", 2)], {}),
        ([do("mmap", "src", 1, letter="U"), MOVE], {}),
    ],
)
def test_what_keeps_a_memfd_from_being_sealed(
    executor: Executor, steps: list[dict[str, Any]], attributes: dict[str, Any]
) -> None:
    execution = ran(executor, made(*steps, seal("grow", "write", errno="EBUSY"), seal("grow"), **attributes))
    assert execution.status == "ran", execution.reason


@pytest.mark.parametrize(
    ("steps", "attributes"),
    [
        ([MOVE, seal("write")], {"sharing": "private"}),
        ([MOVE, seal("write")], {"readonly": True, "prot": "r"}),
        ([MOVE, seal("write")], READ),
        ([MOVE, UNMAP, seal("write")], {}),
        ([move("src", 2, 1, F, "dst"), do("munmap", "dst", 1), seal("write")], {}),
        ([move("src", 0, 2, F, "dst"), do("munmap", "src", 2), UNMAP, seal("write")], {}),
        ([move("dst", 2, 2, F, "src"), do("munmap", "src", 2), seal("write")], {}),
        ([seal("seal"), seal("grow", errno="EPERM")], {}),
        ([seal("shrink"), do("truncate", size=1, letter="A", errno="EPERM")], {}),
        ([seal("shrink"), do("truncate", size=3, letter="A")], {}),
        ([seal("grow"), do("truncate", size=3, letter="A", errno="EPERM")], {}),
        ([again(errno="EPERM"), again(prot="r"), again(sharing="private")], {"seals": "write", "prot": "r"}),
        ([again(errno="EPERM"), again(prot="r"), again(sharing="private")], READ),
        ([seal("future-write"), do("madvise", "src", 1, advice="remove", errno="EPERM")], {}),
        ([do("madvise", "src", 1, advice="remove", errno="EACCES")], READ),
        ([do("mprotect", "src", 1, prot="rw", errno="EACCES")], READ),
        ([do("uffd-register", "src", 1, mode="missing", errno="EPERM")], READ),
    ],
)
def test_what_seals_allow_and_refuse(
    executor: Executor, steps: list[dict[str, Any]], attributes: dict[str, Any]
) -> None:
    execution = ran(executor, made(*steps, **attributes))
    assert execution.status == "ran", execution.reason


@pytest.mark.parametrize("kernel", ["5.10.240", "6.1.148", "6.6", "6.12", "6.12.8", "6.13-rc5"])
def test_nothing_shared_of_what_is_sealed(kernel: str) -> None:
    executor = ModelExecutor(resolve(kernel))
    sealed = {"seals": "write", "prot": "r"}
    skipped = ran(executor, made(MOVE, **sealed))
    assert skipped.status == "skip"
    assert "nothing shared of a memfd sealed against writing" in (skipped.reason or "")
    refused = ran(executor, made(do("munmap", "src", 2), seal("write"), again(prot="r", errno="EPERM")))
    assert refused.status == "ran", refused.reason


def test_what_is_refused_before_anything_is_unmapped(executor: Executor) -> None:
    steps = [seal("future-write"), do("mmap", "dst", 1, letter="X"), again(errno="EPERM")]
    outcome = ran(executor, made(*steps)).outcome
    assert outcome is not None
    assert outcome.regions["dst"] == "_."


def test_up_to_6_6_what_was_there_is_gone_by_then() -> None:
    steps = [seal("future-write"), do("mmap", "dst", 1, letter="X"), again(errno="EPERM")]
    outcome = ran(ModelExecutor(resolve("6.6")), made(*steps)).outcome
    assert outcome is not None
    assert outcome.regions["dst"] == ".."


def test_holes_of_what_mprotect_made_read_only() -> None:
    steps = [do("mprotect", "src", 2, prot="r"), do("madvise", "src", 1, advice="remove")]
    assert ran(ModelExecutor(resolve("6.6")), made(*steps)).status == "error"
    assert ran(ModelExecutor(resolve("6.7")), made(*steps)).status == "ran"


def test_the_file_has_its_content_before_it_is_sealed(executor: Executor) -> None:
    scenario = parse_document(made(MOVE, seals=["future-write", "grow"], prot="r"))
    assert [type(step) for step in scenario.setup] == [Mmap, Touch, Munmap, AddSeals, Mmap]
    with executor:
        (execution,) = executor.run([scenario])
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.regions == {"src": "..", "dst": "AA"}


def test_a_file_is_sealed_once_for_all_its_runs() -> None:
    document = {**made(MOVE, seals=["future-write", "seal"], prot="r"), "map": {"src": "AA.A", "dst": ".."}}
    scenario = parse_document(document)
    assert sum(isinstance(step, AddSeals) for step in scenario.setup) == 1
    assert sum(isinstance(step, Touch) for step in scenario.setup) == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (made(MOVE, seals="write"), "what is shared of a file that is sealed cannot be written to"),
        (made(MOVE, seals="write", kind="tmpfs"), "tmpfs cannot be sealed"),
        (made(MOVE, seals="writ"), "did you mean `write`"),
        (made(seal("write"), kind="tmpfs"), "A is tmpfs, which cannot be sealed"),
        (made({**seal("write"), "letter": "Q"}), "Q maps no file so far"),
        (made(seal("exec")), "exec"),
    ],
)
def test_what_cannot_be(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_document(document)
    assert message in str(error.value)


def test_pictures_are_read_back() -> None:
    scenario = parse_document(made(seal("write", "future-write", errno="EBUSY"), MOVE, seals=["grow", "shrink"]))
    calls = picture.calls(scenario)
    assert calls[0] == "add-seals(A, WRITE|FUTURE_WRITE) fails: EBUSY"
    assert picture.legend(scenario) == "A  shared memfd, rw, file f, seals grow shrink, touched"
    again = parse_document(document(["src=AA", "dst=..", f"A: {picture.legend(scenario)[3:]}", *calls]))
    assert (again.setup, again.script) == (scenario.setup, scenario.script)
