from __future__ import annotations

import pytest

from mremapcheck.executors.model.pipeline import (
    PASS,
    Answer,
    Edit,
    HistoryError,
    Insert,
    Move,
    Remove,
    Replace,
    check,
    copy,
    follow,
    run,
)
from mremapcheck.executors.model.trace import Trace


def first(seen: list[str]) -> Answer:
    seen.append("first")
    return None


def second(seen: list[str]) -> Answer:
    seen.append("second")
    return "EINVAL"


def third(seen: list[str]) -> Answer:
    seen.append("third")
    return 7


def content(seen: list[str]) -> Answer:
    seen.append("content")
    return PASS


BASE = {"one": (first, second), "two": (third,), "none": ()}


def edited(*edits: Edit) -> dict[str, list[str]]:
    pipelines = copy(BASE)
    for edit in edits:
        edit.apply(pipelines, "a-change")
    return {name: [step.slot for step in steps] for name, steps in pipelines.items()}


def test_the_first_answer_ends_a_pipeline() -> None:
    seen: list[str] = []
    assert run((first, second, third), seen) == "EINVAL"
    assert seen == ["first", "second"]
    assert run((first,), []) is None
    assert run((third, second), []) == 7


def test_a_check_may_be_content_early() -> None:
    seen: list[str] = []
    assert check((first, content, second), seen) is None
    assert seen == ["first", "content"]
    assert check((first, second), []) == "EINVAL"
    assert check((first,), []) is None


@pytest.mark.parametrize(
    ("edit", "one", "two"),
    [
        (Insert("one", third, before="second"), ["first", "third", "second"], ["third"]),
        (Insert("one", third, after="second"), ["first", "second", "third"], ["third"]),
        (Insert("one", third), ["first", "second", "third"], ["third"]),
        (Insert("one", third, before=("nobody", "first")), ["third", "first", "second"], ["third"]),
        (Insert("one", third, before="nobody", after="first"), ["first", "third", "second"], ["third"]),
        (Insert("one", third, after="nobody", optional=True), ["first", "second"], ["third"]),
        (Remove("one", "first"), ["second"], ["third"]),
        (Replace("one", "first", third), ["first", "second"], ["third"]),
        (Move("one", "second", before="first"), ["second", "first"], ["third"]),
        (Move("one", "first", to="two", after="third"), ["second"], ["third", "first"]),
    ],
)
def test_edits(edit: Edit, one: list[str], two: list[str]) -> None:
    assert edited(edit) == {"one": one, "two": two, "none": []}


@pytest.mark.parametrize(
    "edit",
    [
        Insert("one", third, before="nobody"),
        Remove("one", "third"),
        Replace("two", "first", third),
        Move("one", "third", before="first"),
        Move("one", "first", before="nobody"),
    ],
)
def test_an_edit_of_what_is_not_there_is_a_mistake(edit: Edit) -> None:
    with pytest.raises(HistoryError):
        edited(edit)


def test_a_replaced_step_keeps_its_slot_and_knows_its_change() -> None:
    pipelines = copy(BASE)
    Replace("one", "first", third).apply(pipelines, "a-change")
    assert pipelines["one"][0].function is third
    assert [step.change for step in pipelines["one"]] == ["a-change", None]


def test_notes_belong_to_the_step_that_runs() -> None:
    trace = Trace(hex)

    def inner(state: object) -> Answer:
        trace.note("inside")
        return None

    def outer(state: object) -> Answer:
        inner_followed(state)
        trace.note("at {:at}, {:pages}", 4096, 8192)
        return None

    pipelines = copy({"one": (outer, inner)})
    Replace("one", "inner", inner).apply(pipelines, "a-change")
    outer_followed, inner_followed = (follow(step, trace) for step in pipelines["one"])
    outer_followed(None)
    assert [(note.step, note.text, note.change) for note in trace.notes] == [
        ("inner", "inside", "a-change"),
        ("outer", "at 0x1000, 2p", None),
    ]
