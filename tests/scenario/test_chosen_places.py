"""Places that the kernel chose, where later moves and other operations begin."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Executor
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario import picture
from mremapcheck.scenario.lint import lint
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document
from tests.model.helpers import D, F, M, do, move, scene

GROW = move("src", 2, 4, M)


@pytest.fixture(params=["5.10.262", "6.1.192", "6.12.118", "6.17", "7.3", "live"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return LiveExecutor() if request.param == "live" else ModelExecutor(resolve(request.param))


def ran(executor: Executor, *items: dict[str, Any], **more: Any) -> Execution:
    with executor:
        (execution,) = executor.run([scene(GROW, *items, src="AAB", dst=".....", **more)])
    return execution


def done(executor: Executor, *items: dict[str, Any], **more: Any) -> Outcome:
    execution = ran(executor, *items, **more)
    assert execution.outcome is not None, execution.reason
    return execution.outcome


def results(outcome: Outcome) -> list[str | None]:
    return [each.result for each in outcome.moves]


def test_what_was_put_there_comes_back(executor: Executor) -> None:
    outcome = done(executor, move("elsewhere", 4, 5, F, "dst"))
    assert results(outcome) == ["elsewhere", "dst"]
    assert outcome.regions == {"src": "..B", "dst": "AA___", "elsewhere": "...."}
    assert outcome.counters["total"] == 6


def test_it_shrinks_where_it_is(executor: Executor) -> None:
    outcome = done(executor, move("elsewhere", 4, 3), move("elsewhere+1p", 2, 1))
    assert results(outcome) == ["elsewhere", "elsewhere", "elsewhere+1p"]
    assert [each.verdict for each in outcome.moves] == ["moved", "resized", "resized"]
    assert outcome.regions["elsewhere"] == "AA.."


def test_operations_on_it(executor: Executor) -> None:
    outcome = done(
        executor,
        do("touch", "elsewhere+2p", 2, letter="N"),
        do("madvise", "elsewhere", 1, advice="dontneed"),
        do("mprotect", "elsewhere+3p", 1, prot="r"),
        do("touch", "elsewhere+3p", 1, letter="N", errno="EFAULT"),
        do("munmap", "elsewhere+1p", 1),
        move("elsewhere+2p", 1, 1, F, "dst"),
    )
    assert outcome.regions == {"src": "..B", "dst": "N....", "elsewhere": "_..N"}
    assert [(each.region, each.start, each.prot) for each in outcome.mappings] == [
        ("src", 2, "rw-"),
        ("dst", 0, "rw-"),
        ("elsewhere", 0, "rw-"),
        ("elsewhere", 3, "r--"),
    ]


def test_a_second_place_and_what_stays_at_the_first(executor: Executor) -> None:
    outcome = done(executor, move("elsewhere", 2, 2, D), move("elsewhere2", 1, 1, F, "dst"))
    assert results(outcome) == ["elsewhere", "elsewhere2", "dst"]
    assert outcome.regions == {"src": "..B", "dst": "A....", "elsewhere": "____", "elsewhere2": ".A"}


def test_a_place_that_was_left_may_be_used_again(executor: Executor) -> None:
    outcome = done(executor, move("elsewhere", 4, 4, F, "src-4p"), move("src-4p", 4, 7, M), move("elsewhere2", 7, 5))
    assert results(outcome) == ["elsewhere", "src-4p", "elsewhere2", "elsewhere2"]
    assert (outcome.regions["elsewhere"], outcome.regions["elsewhere2"]) == ("....", "AA___..")


def test_a_move_from_there_that_fails(executor: Executor) -> None:
    outcome = done(
        executor,
        do("munmap", "elsewhere+1p", 1),
        do("mmap", "dst", 2, letter="X", touch=True),
        move("elsewhere+2p", 2, 3, F, "dst"),
        move("elsewhere", 1, 2, F, "dst+8B"),
    )
    assert results(outcome) == ["elsewhere", "dst", None]
    assert outcome.moves[2].errno == "EINVAL"
    assert outcome.moves[2].verdict == "refused"
    assert outcome.regions["elsewhere"] == "A..."


def test_in_a_forked_child(executor: Executor) -> None:
    outcome = done(executor, do("fork"), move("elsewhere", 4, 4, F, "dst"))
    assert outcome.regions == {"src": "..B", "dst": "AA__.", "elsewhere": "...."}


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([move("elsewhere", 5, 5)], "moves[1] (line 0): not all of it is mapped any more"),
        ([do("munmap", "elsewhere", 1), do("munmap", "elsewhere", 1)], "munmap[1] (line 0): not all of it"),
        ([move("elsewhere", 4, 4, F, "dst"), do("read", "elsewhere", 1)], "read[0] (line 0): not all of it"),
        ([do("touch", "elsewhere", 5, letter="N", errno="EFAULT")], "touch[0] (line 0): not all of it"),
        ([move("dst", 1, 2, M), move("elsewhere2", 1, 1)], "moves[2] (line 0): no move so far was put where"),
    ],
)
def test_nothing_is_done_to_what_is_not_there(executor: Executor, items: list[dict[str, Any]], reason: str) -> None:
    execution = ran(executor, *items)
    assert execution.status == "error"
    assert reason in (execution.reason or "")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([move("elsewhere", 2, 2)], "the kernel has put nothing at `elsewhere` so far"),
        ([GROW, move("elsewhere2", 2, 2)], "the kernel has put nothing at `elsewhere2` so far"),
        ([GROW, do("read", "elsewhere3", 2)], "the kernel has put nothing at `elsewhere3` so far"),
        ([GROW, move("elsewhere", 2, 3, M)], "how `elsewhere` grows depends on what lies behind it"),
        ([GROW, move("elsewhere", 2, 2, F, "elsewhere")], "nothing can be asked to be at `elsewhere`"),
        ([GROW, do("mmap", "elsewhere", 1, letter="U")], "nothing can be asked to be at `elsewhere`"),
        ([GROW, move("elsewhere-1p", 2, 2)], "what lies before it is not the scenario's"),
        ([GROW, move("elsewhere+8B", 2, 2)], "is not the start of a page"),
        ([GROW, move("elsewhere1", 2, 2)], "`elsewhere1` is no place of the kernel's choice"),
        ([GROW, do("touch", "elsewhere", 1)], "nobody knows whose page elsewhere is"),
    ],
)
def test_what_cannot_be(items: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scene(*items, src="AAB")
    assert message in str(error.value)


def test_pictures_are_read_back_and_lint_has_nothing_to_say() -> None:
    scenario = scene(GROW, do("read", "elsewhere+1p", 1), move("elsewhere", 4, 4, F, "dst"), src="AAB", dst="....")
    calls = picture.calls(scenario)
    assert calls[1:] == ["read(elsewhere+1p, 1p)", "moves[1]: mremap(elsewhere, 4p, 4p, MAYMOVE|FIXED, dst)"]
    assert parse_document(document(["src=AAB", "dst=....", *calls])).script == scenario.script
    assert [problem.message for problem in lint(scenario) if problem.level == "warning"] == []
