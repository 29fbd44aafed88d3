from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.scenario.document import Run
from mremapcheck.scenario.drawing import MOST_PAGES, compact, expand, parse_drawing
from mremapcheck.scenario.reader import Refused

outcomes = st.lists(st.tuples(st.sampled_from("AAB._?z"), st.integers(1, 40))).map(
    lambda runs: "".join(letter * pages for letter, pages in runs)
)


def test_each_run_of_one_letter_is_one_mapping() -> None:
    runs, pages = parse_drawing("AABB.CA")
    assert runs == (Run("A", 0, 2), Run("B", 2, 2), Run("C", 5, 1), Run("A", 6, 1))
    assert pages == 7


@pytest.mark.parametrize(
    ("text", "runs", "pages"),
    [
        ("A{512}", (Run("A", 0, 512),), 512),
        ("A{2}A{3}", (Run("A", 0, 5),), 5),
        ("AA{3}.{2}A", (Run("A", 0, 4), Run("A", 6, 1)), 7),
        ("...", (), 3),
        (f"A{{{MOST_PAGES}}}", (Run("A", 0, MOST_PAGES),), MOST_PAGES),
        ("AB" * 200, tuple(Run("AB"[page % 2], page, 1) for page in range(400)), 400),
    ],
)
def test_long_runs(text: str, runs: tuple[Run, ...], pages: int) -> None:
    assert parse_drawing(text) == (runs, pages)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the drawing is empty"),
        ("A B", "`A B` is not a drawing: ` ` at character 2"),
        ("A_", "`A_` is not a drawing: `_` only stands in what is expected afterwards"),
        ("A1", "`A1` is not a drawing: `1` at character 2"),
        ("A{x}", "`A{x}` is not a drawing: `A{x}` is not a run such as `A{512}`"),
        ("A{0}", "`A{0}` is not a drawing: `A{0}` is not a run such as `A{512}`"),
        ("A{00}", "`A{00}` is not a drawing: `A{00}` is not a run such as `A{512}`"),
        ("{3}", "`{3}` is not a drawing: `{` at character 1"),
        ("A{9999999}", "more than 2097152 pages are drawn"),
        ("A" * (MOST_PAGES + 1), "more than 2097152 pages are drawn"),
    ],
)
def test_what_is_no_drawing(text: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_drawing(text)
    assert caught.value.message == message


def test_the_drawing_of_an_outcome_is_written_out() -> None:
    assert expand("A{3}._?") == "AAA._?"
    assert expand("") == ""
    with pytest.raises(Refused, match="more than"):
        expand("A{20}", most=19)
    with pytest.raises(Refused, match="more than"):
        expand("A" * 20, most=19)


@given(outcomes)
def test_compact_drawings_read_back(drawing: str) -> None:
    assert expand(compact(drawing)) == drawing
    assert len(compact(drawing)) <= len(drawing)


def test_short_runs_stay_as_they_are() -> None:
    assert compact("A" * 16 + "B" * 17) == "A" * 16 + "B{17}"
