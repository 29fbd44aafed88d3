"""Files of a scenario that change under their mappings, and those that are open for reading only."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.executors.protocol import Executor
from mremapcheck.scenario import picture
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.operations import Mmap, Touch
from mremapcheck.scenario.parse import parse_document

MOVE = {"old_address": "src", "old_size": "4p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
READONLY = {"kind": "memfd", "readonly": True}


def made(*items: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {
        "map": {"src": "AAAA", "dst": "...."},
        "vmas": {"A": {"kind": "memfd", **attributes}},
        "moves": [*items, MOVE],
    }


def truncate(pages: int, **more: Any) -> dict[str, Any]:
    return {"op": "truncate", "letter": "A", "size": f"{pages}p", **more}


@pytest.mark.parametrize(
    ("steps", "attributes", "drawn"),
    [
        ([truncate(2)], {}, "AA??"),
        ([truncate(2), truncate(3)], {}, "AA_?"),
        ([truncate(2), truncate(3)], {"sharing": "private"}, "AA_?"),
        ([truncate(2), truncate(5)], {"kind": "tmpfs"}, "AA__"),
        ([truncate(0)], {"kind": "file"}, "????"),
        ([truncate(3)], {"offset": "2p"}, "A???"),
        ([truncate(9)], {}, "AAAA"),
        ([{"op": "fork"}, truncate(1)], {}, "A???"),
    ],
)
def test_what_is_left_of_a_file(
    executor: Executor, steps: list[dict[str, Any]], attributes: dict[str, Any], drawn: str
) -> None:
    with executor:
        (execution,) = executor.run([parse_document(made(*steps, **attributes))])
    assert execution.outcome is not None, execution.reason
    assert execution.outcome.regions == {"src": "....", "dst": drawn}
    assert set(execution.outcome.unobserved.values()) <= {"beyond the end of the file"}


def test_a_truncation_that_fails_unexpectedly_not_at_all(executor: Executor) -> None:
    with executor:
        (execution,) = executor.run([parse_document(made(truncate(1, errno="EPERM")))])
    assert execution.status == "error"
    assert execution.reason == "truncate[0] (line 0): truncate did not fail with EPERM"


def test_a_file_open_for_reading_is_not_touched_where_it_is_shared() -> None:
    shared = parse_document(made(readonly=True, prot="r"))
    private = parse_document(made(readonly=True, sharing="private"))
    assert [type(step) for step in shared.setup] == [Mmap]
    assert [type(step) for step in private.setup] == [Mmap, Touch]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (made(truncate(1), kind="anon"), "A maps no file so far"),
        (made(truncate(1), kind="sysv-shm"), "A is sysv-shm, which has no length"),
        (made({**truncate(1), "letter": "Q"}), "Q maps no file so far"),
        (made({**truncate(1), "size": "100B"}), "`100B` is not a number of whole pages"),
        (made(kind="anon", readonly=True), "anon has no file to be opened"),
        (made(kind="anon", continues=True), "anon has no file to go on in"),
        (made(readonly=True), "open for reading only cannot be written to"),
        (made(readonly=True, prot="r", touch=True), "open for reading only cannot be written to"),
    ],
)
def test_what_cannot_be(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse_document(document)
    assert message in str(error.value)


def test_a_second_run_goes_on_in_the_file() -> None:
    document = {"map": {"src": "A.AA", "dst": "A"}, "vmas": {"A": {"kind": "memfd", "offset": "2p", "continues": True}}}
    scenario = parse_document({**document, "moves": [{**MOVE, "old_size": "1p"}]})
    assert [step.offset for step in scenario.setup if isinstance(step, Mmap)] == [2, 3, 5]
    assert scenario.objects() == {"@A": ("memfd", 6)}
    assert "memfd, rw, from 2p on, continues, touched" in picture.legend(scenario)


def test_the_digest_of_what_was_there_before_stays() -> None:
    plain = parse_document(made())
    assert plain.digest == parse_document(made(readonly=False)).digest
    assert plain.digest != parse_document(made(readonly=True, sharing="private")).digest


def test_pictures_are_read_back() -> None:
    scenario = parse_document(
        made(truncate(2), {"op": "mmap", "address": "dst", "size": "1p", "letter": "U", "prot": "r", **READONLY})
    )
    calls = picture.calls(scenario)
    assert calls[:2] == ["truncate(A, 2p)", "mmap(dst, 1p, r, shared memfd, readonly) = U"]
    again = parse_document(document(["src=AAAA", "dst=....", f"A: {picture.legend(scenario)[3:]}", *calls]))
    assert again.script == scenario.script
