from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.units import PAGE
from mremapcheck.scenario.letters import Letters, tags
from mremapcheck.scenario.operations import Address, Mremap, Tag

FIXED, DONTUNMAP = 3, 7


def call(source: int, old: int, target: int, new: int, flags: int) -> Mremap:
    def address(page: int) -> Address:
        return Address("src", page * PAGE, page * PAGE)

    return Mremap("moves[0]", 0, address(source), old * PAGE, new * PAGE, flags, address(target))


def drawn(letters: Letters, count: int = 12) -> str:
    return "".join("." if tag is None else f"{tag.letter}{tag.page}" for tag in letters.tags(0, count))


def start() -> Letters:
    letters = Letters()
    letters.new("A", 0, 3)
    letters.new("B", 4, 2)
    return letters


def test_pages_of_a_letter_are_numbered_through_all_its_mappings() -> None:
    letters = start()
    assert letters.new("A", 8, 2) == 3
    assert drawn(letters) == "A0A1A2.B0B1..A3A4.."


def test_a_mapping_replaces_what_was_there() -> None:
    letters = start()
    letters.new("C", 1, 4)
    assert drawn(letters) == "A0C0C1C2C3B1......"


def test_munmap_cuts_a_mapping_in_two() -> None:
    letters = start()
    letters.forget(1, 2)
    assert drawn(letters) == "A0.A2.B0B1......"


def test_a_fixed_move_takes_letters_along() -> None:
    letters = start()
    letters.move(call(1, 4, 7, 4, FIXED))
    assert drawn(letters) == "A0....B1.A1A2.B0."


def test_dontunmap_leaves_them_at_the_source_too() -> None:
    letters = start()
    letters.move(call(0, 2, 8, 2, DONTUNMAP))
    assert drawn(letters) == "A0A1A2.B0B1..A0A1.."


def test_old_size_zero_duplicates_the_new_size() -> None:
    letters = start()
    letters.move(call(0, 0, 8, 2, FIXED))
    assert drawn(letters) == "A0A1A2.B0B1..A0A1.."


def test_a_move_that_grows_clears_the_whole_destination() -> None:
    letters = start()
    letters.move(call(0, 1, 2, 4, FIXED))
    assert drawn(letters) == ".A1A0........."


def test_without_a_destination_only_a_shrunk_tail_is_lost() -> None:
    letters = start()
    letters.move(call(0, 3, 0, 1, 1))
    letters.move(call(4, 2, 0, 5, 1))
    assert drawn(letters) == "A0...B0B1......"


def test_sizes_beyond_what_exists_move_nothing() -> None:
    letters = start()
    letters.move(call(0, 1 << 60 >> 12, 8, 1, FIXED))
    assert drawn(letters) == "A0A1A2.B0B1......"


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(1, 6), st.integers(0, 11), st.booleans()), max_size=8))
def test_agrees_with_a_page_by_page_account(steps: list[tuple[int, int, int, bool]]) -> None:
    letters = start()
    pages: dict[int, Tag] = {0: Tag("A", 0), 1: Tag("A", 1), 2: Tag("A", 2), 4: Tag("B", 0), 5: Tag("B", 1)}
    for source, length, target, unmap in steps:
        letters.move(call(source, length, target, length, FIXED if unmap else DONTUNMAP))
        taken = {page: tag for page, tag in pages.items() if source <= page < source + length}
        for page in taken if unmap else ():
            del pages[page]
        for page in range(target, target + length):
            pages.pop(page, None)
        pages.update({page - source + target: tag for page, tag in taken.items()})
    assert letters.tags(0, 20) == [pages.get(page) for page in range(20)]


def test_tags_of_long_and_short_runs() -> None:
    assert tags("A", 1, 2) == (Tag("A", 1), Tag("A", 2))
    assert tags("A", 5, 100)[-1] == Tag("A", 104)
