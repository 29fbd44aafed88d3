from __future__ import annotations

import json
from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.scenario.document import Expectation, Limit, MoveExpectation, Process
from mremapcheck.scenario.parse import parse_document
from tests.scenario.documents import PLAIN, RICH, document, scenario


@pytest.mark.parametrize("data", [PLAIN, RICH])
def test_its_document_gives_an_equal_scenario(data: dict[str, Any]) -> None:
    first = parse_document(data, name="given", path="a.yaml", line=3)
    again = parse_document(json.loads(json.dumps(first.document)))
    assert again == first
    assert again.name == ("rich" if "name" in data else "given")
    assert again.digest == first.digest


def test_name() -> None:
    assert scenario().name == "scenario"
    assert parse_document(PLAIN, name="other").name == "other"
    assert parse_document(document(name="own"), name="other").name == "own"


def test_process() -> None:
    assert scenario().process == Process()
    assert parse_document(RICH).process == Process(
        rlimits={"memlock": Limit(16384, False), "as": Limit(8192, True), "data": Limit(0, True)},
        keep=("IPC_LOCK", "SYS_RAWIO"),
        map_headroom=6,
        fork=True,
    )


def test_expectations() -> None:
    assert parse_document(RICH).expect == (
        Expectation(
            kernel=KernelRange.parse("<6.17-rc1"),
            moves={1: MoveExpectation("EFAULT", None, "refused")},
            regions={"src": "A" * 20 + "B.C"},
            layout={},
            counters={},
            events=None,
        ),
        Expectation(
            kernel=KernelRange.parse(">=6.17-rc1"),
            moves={-1: MoveExpectation("none", "elsewhere", None)},
            regions={"elsewhere": "_?"},
            layout={"src": ((0, 20), (20, 1)), "dst": ()},
            counters={"locked": 2, "total": 9},
            events=(
                {"event": "remap", "from": "src", "to": "dst", "len": "2p"},
                {"event": "unmap", "start": "dst", "end": "dst+1p"},
            ),
        ),
    )


@pytest.mark.parametrize(
    ("said", "move"),
    [
        ({"errno": "EFAULT"}, MoveExpectation("EFAULT")),
        ({"errno": "none"}, MoveExpectation("none")),
        ({"errno": "EWOULDBLOCK"}, MoveExpectation("EAGAIN")),
        ({"verdict": "moved"}, MoveExpectation("none", None, "moved")),
        ({"verdict": "damaged"}, MoveExpectation(None, None, "damaged")),
        ({"result": "src+4096B"}, MoveExpectation("none", "src+1p")),
        ({"result": "elsewhere2"}, MoveExpectation("none", "elsewhere2")),
    ],
)
def test_a_result_or_a_success_implies_that_there_is_no_errno(said: dict[str, str], move: MoveExpectation) -> None:
    assert scenario(expect=[said]).expect[0].moves == {-1: move}


def test_an_entry_without_a_kernel_is_for_every_kernel() -> None:
    assert scenario(expect=[{"dst": "AA"}]).expect[0] == Expectation(KernelRange(), {}, {"dst": "AA"}, {}, {}, None)


def test_problems_say_where_and_are_in_order() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_document(document(zzz=1, summary=2), path="a.yaml", line=7)
    assert str(caught.value).splitlines() == [
        "a.yaml:7:0: error: summary: expected a summary, found the number 2",
        '  hint: put it in quotes: "2"',
        "a.yaml:7:0: error: zzz: unknown key `zzz`",
        "  hint: one of about, cite, expect, map, moves, name, process, summary, vmas",
    ]


def test_steps_and_entries_know_their_line() -> None:
    def marks(path: tuple[str | int, ...], on_key: bool) -> tuple[int, int]:
        return {"map": 10, "moves": 20, "expect": 30}.get(str(path[0]), 1), 1

    made = parse_document(document(expect=[{"errno": "none"}]), marks=marks)
    assert [step.line for step in (*made.setup, *made.script)] == [10, 10, 20]
    assert made.expect[0].line == 30


def test_a_document_as_recorders_of_kernels_write_it() -> None:
    items = [
        {"op": "mmap", "address": "src", "size": "3p", "letter": "A", "prot": "rw", "kind": "memfd",
         "sharing": "shared", "file": "m", "offset": "0p"},
        {"op": "touch", "address": "src", "size": "3p"},
        {"op": "uffd-register", "address": "src", "size": "3p", "mode": "missing"},
        {"op": "madvise", "address": "src", "size": "3p", "advice": "dontfork"},
        {"old_address": "src+2p", "old_size": "4096B", "new_size": "16384B", "flags": 0, "new_address": "dst+123B"},
    ]  # fmt: skip
    made = scenario(name="t100000", map={"src": "." * 24, "dst": "." * 24}, moves=items)
    assert not made.setup
    assert len(made.script) == len(items)


def test_what_was_read_before_is_no_excuse_for_another_document() -> None:
    """Records are read once; but 1 is not true, and a region of another document is none of this one."""
    move = {"old_address": "src", "old_size": "1p", "flags": 1}
    parse_document({"map": {"src": "A"}, "vmas": {"A": {"seal": True}}, "moves": [move]})
    with pytest.raises(ScenarioError, match="expected true or false, found the number 1"):
        parse_document({"map": {"src": "A"}, "vmas": {"A": {"seal": 1}}, "moves": [move]})
    with pytest.raises(ScenarioError, match="expected flags, found true"):
        parse_document({"map": {"src": "A"}, "moves": [{**move, "flags": True}]})
    with pytest.raises(ScenarioError, match="there is no region `src`"):
        parse_document({"map": {"from": "A"}, "moves": [move]})
