"""The address space of a trace, held against one that knows every single page."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.units import PAGE
from mremapcheck.convert.strace.space import HOLE, AddressSpace, MappingFacts, Segment

PAGES = 24
#: page -> (what it is, offset in pages)
Model = dict[int, tuple[MappingFacts, int]]

_page = st.integers(0, PAGES - 1)
_size = st.integers(1, 8)
_operation = st.one_of(
    st.tuples(st.just("map"), _page, _size, st.sampled_from(["r", "rw"]), _page),
    st.tuples(st.just("unmap"), _page, _size, st.just(""), _page),
    st.tuples(st.just("protect"), _page, _size, st.sampled_from(["r", "rw", "none"]), _page),
    st.tuples(st.just("move"), _page, _size, st.sampled_from(["", "keep"]), _page),
)


def _same(space: AddressSpace, model: Model) -> bool:
    seen = {
        page: (segment.facts, segment.offset // PAGE + page - segment.start // PAGE)
        for segment in space.segments
        if segment.facts is not HOLE
        for page in range(segment.start // PAGE, segment.end // PAGE)
    }
    return seen == model


@given(st.lists(_operation, max_size=24))
def test_segments_are_what_the_single_pages_are(operations: list[tuple[str, int, int, str, int]]) -> None:
    space, model = AddressSpace(), dict[int, tuple[MappingFacts, int]]()
    for what, page, size, word, other in operations:
        start, length = page * PAGE, size * PAGE
        if what == "map":
            space.map(start, length, other * PAGE, MappingFacts(prot=word))
            model.update({page + index: (MappingFacts(prot=word), other + index) for index in range(size)})
        elif what == "unmap":
            space.unmap(start, length)
            for index in range(size):
                model.pop(page + index, None)
        elif what == "protect":
            space.change(start, length, lambda facts, prot=word: replace(facts, prot=prot))  # type: ignore[misc]
            for index in range(size):
                if page + index in model:
                    facts, offset = model[page + index]
                    model[page + index] = replace(facts, prot=word), offset
        else:
            target = 100 + other
            space.move(start, length, target * PAGE, length, bool(word))
            for index in range(size):
                if page + index in model:
                    model[target + index] = model[page + index]
                    if not word:
                        del model[page + index]
        assert _same(space, model)
        starts = [segment.start for segment in space.segments]
        assert starts == sorted(starts)


def test_neighbours_are_joined_only_where_the_kernel_could() -> None:
    space = AddressSpace()
    space.map(0, 2 * PAGE, 0, MappingFacts())
    space.map(2 * PAGE, PAGE, 2 * PAGE, MappingFacts())
    assert list(space.around(0, 2 * PAGE)) == [Segment(0, 3 * PAGE, 0, MappingFacts())]
    space.map(3 * PAGE, PAGE, 64 * PAGE, MappingFacts())  # moved here from elsewhere, after it was touched
    assert [segment.end for segment in space.around(0, 3 * PAGE)] == [3 * PAGE, 4 * PAGE]


def test_a_child_inherits_no_locks_and_nothing_that_was_to_stay() -> None:
    space = AddressSpace()
    space.map(0, PAGE, 0, MappingFacts(lock="true"))
    space.map(PAGE, PAGE, PAGE, MappingFacts(advice=("dontfork",)))
    assert space.forked().segments == [
        Segment(0, PAGE, 0, MappingFacts(inherited="true")),
        Segment(PAGE, 2 * PAGE, PAGE, HOLE),
    ]
    assert len(space.segments) == 2


def test_what_a_successful_call_proves_is_assumed() -> None:
    space = AddressSpace()
    space.map(PAGE, PAGE, PAGE, MappingFacts(prot="r"))
    space.assume(0, 3 * PAGE)
    assert [(s.start // PAGE, s.facts.guessed) for s in space.segments] == [(0, True), (1, False), (2, True)]


def test_growing_takes_the_facts_of_the_last_page_along() -> None:
    space = AddressSpace()
    space.map(0, PAGE, 7 * PAGE, MappingFacts("file", "shared", "r", "db"))
    space.move(0, PAGE, 0, 3 * PAGE, keep=False)
    assert list(space.around(0, PAGE)) == [Segment(0, 3 * PAGE, 7 * PAGE, MappingFacts("file", "shared", "r", "db"))]


def test_a_duplicate_shows_the_same_memory() -> None:
    space = AddressSpace()
    space.map(0, 4 * PAGE, 0, MappingFacts("memfd", "shared", "rw", "m"))
    space.move(PAGE, 0, 9 * PAGE, 2 * PAGE, keep=False)
    assert space.segments[-1] == Segment(9 * PAGE, 11 * PAGE, PAGE, MappingFacts("memfd", "shared", "rw", "m"))


def test_a_hole_stays_a_hole_and_a_gap_that_must_be_one_mapping_is_filled_alike() -> None:
    space = AddressSpace()
    space.map(0, 3 * PAGE, 0, MappingFacts("file", "shared", "r", "db"))
    space.unmap(PAGE, PAGE)
    space.assume(0, 5 * PAGE, alike=True)
    assert [(low // PAGE, facts) for low, _, facts in space.pieces(0, 5 * PAGE)] == [
        (0, MappingFacts("file", "shared", "r", "db")),
        (1, HOLE),
        (2, MappingFacts("file", "shared", "r", "db")),
    ]
    space.assume(0, 3 * PAGE, alike=True, holes=True)
    assert len(space.segments) == 1


def test_holes_of_a_move_of_several_leave_what_lies_at_the_new_place() -> None:
    space = AddressSpace()
    space.map(0, 3 * PAGE, 0, MappingFacts())
    space.unmap(PAGE, PAGE)
    space.map(64 * PAGE, 3 * PAGE, 64 * PAGE, MappingFacts(prot="r"))
    space.move(0, 3 * PAGE, 64 * PAGE, 3 * PAGE, keep=False)
    assert [facts and facts.prot for _, _, facts in space.pieces(64 * PAGE, 67 * PAGE)] == ["rw", "r", "rw"]
