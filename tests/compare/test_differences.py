from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.difference import Difference
from mremapcheck.compare.differences import differences
from mremapcheck.outcome.outcome import MoveOutcome, Outcome
from mremapcheck.scenario.verdicts import Verdict
from tests.factories import DAMAGED, MOVED, PARTIAL, REFUSED, outcome, scenario, vma

CASE = scenario()


def kinds(a: Outcome, b: Outcome) -> list[str]:
    return [difference.class_name for difference in differences(CASE, a, b)]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (PARTIAL, REFUSED, "partial-to-refused"),
        (REFUSED, PARTIAL, "refused-to-partial"),
        (DAMAGED, REFUSED, "no-longer-damaged"),
        (REFUSED, DAMAGED, "newly-damaged"),
        (DAMAGED, PARTIAL, "no-longer-damaged"),
        (MOVED, DAMAGED, "newly-damaged"),
        (DAMAGED, MOVED, "no-longer-damaged"),
        (REFUSED, MOVED, "newly-allowed"),
        (PARTIAL, MOVED, "newly-allowed"),
        (MOVED, REFUSED, "newly-refused"),
        (REFUSED, outcome("refused", "EPERM", src="AABB.C", dst="X....."), "errno"),
        (MOVED, outcome("moved", src="......", dst="AAXX.C"), "contents"),
    ],
)
def test_the_class_of_a_pair_comes_first(a: Outcome, b: Outcome, expected: str) -> None:
    assert kinds(a, b)[0] == expected


def test_the_rest_follows_from_the_move_and_is_marked() -> None:
    assert differences(CASE, PARTIAL, REFUSED) == (
        Difference("partial-to-refused", "moves[0]", "partial", "refused"),
        Difference("contents", "regions.src", "..BB.C", "AABB.C", follows="moves[0]"),
        Difference("contents", "regions.dst", "AA", "X", follows="moves[0]"),
    )


def test_one_move_may_differ_in_several_ways() -> None:
    assert kinds(DAMAGED, MOVED)[:2] == ["no-longer-damaged", "newly-allowed"]
    other = outcome("refused", "EPERM", src="AABB.C", dst="X.....")
    assert kinds(PARTIAL, other)[:2] == ["partial-to-refused", "errno"]


def test_other_boundaries_are_layout() -> None:
    one = outcome(mappings=(vma("src", 0, 6),), src="AAAAAA")
    two = outcome(mappings=(vma("src", 0, 3), vma("src", 3, 3)), src="AAAAAA")
    assert differences(CASE, one, two) == (Difference("layout", "layout.src", "0+6", "0+3 3+3"),)


def test_other_protections_and_flags_are_layout_and_only_they_are_shown() -> None:
    one = outcome(mappings=(vma("src", 0, 2, "rw-"),), src="AA")
    two = outcome(mappings=(vma("src", 0, 2, "r--", flags=("locked",)),), src="AA", counters={"locked": 2})
    assert differences(CASE, one, two) == (Difference("layout", "layout.src", "0+2 rw- no flags", "0+2 r-- locked"),)


def test_the_offset_within_an_object_counts_page_by_page() -> None:
    def shmem(*parts: tuple[int, int, int]) -> Outcome:
        return outcome(
            mappings=tuple(vma("src", s, p, backing="shmem", sharing="shared", offset=o) for s, p, o in parts),
            src="AAAA",
        )

    assert differences(CASE, shmem((0, 4, 5)), shmem((0, 4, 5))) == ()
    assert [d.b for d in differences(CASE, shmem((0, 4, 5)), shmem((0, 2, 5), (2, 2, 7)))] == ["0+2 2+2"]
    assert differences(CASE, shmem((0, 4, 5)), shmem((0, 4, 6)))[0].class_name == "layout"


def test_a_page_of_another_place_of_the_same_letter_is_contents() -> None:
    one = outcome(src="AA", more={"contents": (("src", 0, 2, "A", 0),)})
    two = outcome(src="AA", more={"contents": (("src", 0, 1, "A", 1), ("src", 1, 1, "A", 0))})
    assert differences(CASE, one, two) == (Difference("contents", "regions.src", "0+2:A0", "0:A1 1:A0"),)


def test_a_long_mapping_is_compared_as_a_run() -> None:
    million = 1 << 20

    def moved(number: int, flags: tuple[str, ...] = ()) -> Outcome:
        return outcome(
            mappings=(vma("src", 0, million, flags=flags),),
            src="A" * million,
            more={"contents": (("src", 0, million, "A", number),)},
        )

    assert differences(CASE, moved(0), moved(1)) == (
        Difference("contents", "regions.src", f"0+{million}:A0", f"0+{million}:A1"),
    )
    assert differences(CASE, moved(0), moved(0, ("dontfork",))) == (
        Difference("layout", "layout.src", f"0+{million} no flags", f"0+{million} dontfork"),
    )


def test_counters_tell_only_what_the_mappings_do_not() -> None:
    gone = outcome(src="AA....", dst="")
    assert kinds(outcome(src="AAAA..", dst=""), gone) == ["contents"]  # total differs by just these pages
    leak = outcome(src="AA....", dst="", counters={"total": 6, "locked": 2})
    assert kinds(gone, leak) == ["counters", "counters"]


def test_events() -> None:
    event = {"event": "remap", "from": "src", "to": "dst", "len": "2p"}
    (difference,) = differences(CASE, outcome(src="A", more={"events": (event,)}), outcome(src="A"))
    assert (difference.class_name, difference.a, difference.b) == ("events", "remap from=src to=dst len=2p", "none")


def test_a_place_that_the_kernel_chose_is_only_placement() -> None:
    in_place = outcome("resized", result="src", src="AAAAA_", dst="X")
    moved = outcome("moved", result="elsewhere", src="......", dst="X", elsewhere="AAAAA_")
    (difference,) = differences(CASE, in_place, moved)
    assert (difference.class_name, difference.a, difference.b) == ("placement", "resized at src", "moved at elsewhere")
    other = outcome("moved", result="elsewhere", src="......", dst="X", elsewhere="AAAAB_")
    assert [d.where for d in differences(CASE, in_place, other)] == [
        "moves[0].result",
        "layout.moves[0].result",
        "moves[0]",
    ]


def test_which_of_several_chosen_places_it_was_makes_no_difference() -> None:
    one = outcome("moved", result="elsewhere", src="", elsewhere="AA")
    two = outcome("moved", result="elsewhere2", src="", elsewhere2="AA")
    assert differences(CASE, one, two) == ()


def test_what_one_side_could_not_observe_is_no_difference() -> None:
    mappings = (vma("src", 0, 3),)
    seen = outcome(mappings=mappings, src="AAB", more={"contents": (("src", 0, 2, "A", 0),)})
    blind = outcome(
        mappings=mappings,
        src="A?B",
        more={"contents": (("src", 0, 1, "A", 0),), "unobserved": {"src+1p": "guard page"}, "kernel_log": ("WARNING",)},
    )
    assert differences(CASE, seen, blind) == ()
    assert kinds(outcome(src="A.B"), blind) == ["contents"]  # but a hole was observed


def test_outcomes_of_different_scenarios_are_refused() -> None:
    twice = outcome(moves=(MoveOutcome(None, "dst", "moved"),) * 2, src="")
    with pytest.raises(MremapcheckError, match="not the same scenario"):
        differences(CASE, twice, MOVED)


def test_pages_below_the_region_count() -> None:
    below = outcome(mappings=(vma("src", -1, 2),), src="A")
    assert kinds(below, outcome(mappings=(vma("src", 0, 1),), src="A")) == ["contents"]


VERDICTS: list[tuple[Verdict, str | None]] = [
    ("moved", None),
    ("resized", None),
    ("unchanged", None),
    ("duplicated", None),
    *[(verdict, errno) for verdict in ("refused", "partial", "damaged") for errno in ("EFAULT", "EPERM")],
]


MAPPINGS = st.builds(
    vma,
    st.sampled_from(["src", "dst"]),
    st.integers(-2, 3),
    st.integers(1, 2),
    st.sampled_from(["rw-", "r--"]),
    st.sampled_from([(), ("locked",)]),
)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    verdict, errno = draw(st.sampled_from(VERDICTS))
    drawings = st.text("AB._?", max_size=4)
    return outcome(
        verdict,
        errno,
        None if errno else draw(st.sampled_from(["dst", "src", "src+1p", "elsewhere"])),
        src=draw(drawings),
        dst=draw(drawings),
        elsewhere=draw(drawings),
        mappings=draw(st.none() | st.lists(MAPPINGS, max_size=3).map(tuple)),
        counters={"locked": draw(st.integers(0, 2)), "total": draw(st.integers(0, 3))},
    )


MIRROR = {
    "partial-to-refused": "refused-to-partial",
    "refused-to-partial": "partial-to-refused",
    "newly-allowed": "newly-refused",
    "newly-refused": "newly-allowed",
    "newly-damaged": "no-longer-damaged",
    "no-longer-damaged": "newly-damaged",
}


@given(outcomes(), outcomes())
def test_a_comparison_is_the_mirror_of_its_opposite(a: Outcome, b: Outcome) -> None:
    there, back = differences(CASE, a, b), differences(CASE, b, a)
    assert sorted((MIRROR.get(d.class_name, d.class_name), d.where, d.b, d.a) for d in there) == sorted(
        (d.class_name, d.where, d.a, d.b) for d in back
    )
    assert {d.class_name for d in there} <= set(CLASSES)


@given(outcomes(), outcomes())
def test_no_difference_prints_alike_on_both_sides(a: Outcome, b: Outcome) -> None:
    assert [str(difference) for difference in differences(CASE, a, b) if difference.a == difference.b] == []


def test_a_counter_that_is_equal_and_explained_otherwise_says_so() -> None:
    locked = outcome(mappings=(vma("src", 0, 4, flags=("locked",)),), src="AAAA", counters={"locked": 4})
    other = outcome(mappings=(vma("src", 0, 4),), src="AAAA", counters={"locked": 4})
    assert [str(difference) for difference in differences(CASE, locked, other)] == [
        "layout src: 0+4 locked -> 0+4 no flags",
        "counters locked: 4p where the mappings have 4p -> 4p where the mappings have 0p",
    ]


@given(outcomes(), outcomes())
def test_moves_that_differ_are_never_silent(a: Outcome, b: Outcome) -> None:
    found = differences(CASE, a, b)
    if a.moves != b.moves:
        assert any(difference.where == "moves[0]" for difference in found)
    assert differences(CASE, a, a) == ()
    leading = [d.follows is not None for d in found]
    assert leading == sorted(leading)
