"""The verdict on one move, from what was mapped before and after it."""

from __future__ import annotations

import pytest

from mremapcheck.outcome.verdict import SeenVma, Snapshot, judge, needs_mappings
from mremapcheck.scenario.operations import Address, Mremap

PLACE = 0x1000200000
MEGA = 1 << 20


def _move(old_size: int, new_size: int) -> Mremap:
    nowhere = Address(None, 0, 0)
    return Mremap("moves[0]", 1, Address("src", 0, PLACE), old_size, new_size, 0, nowhere)


def _mapped(backing: str) -> Snapshot:
    return Snapshot([SeenVma(PLACE, PLACE + 4 * MEGA, "rw-", False, backing, 0, None)])


@pytest.mark.parametrize(
    ("backing", "new_size", "verdict"),
    [
        ("hugetlb", 2 * MEGA + 1, "unchanged"),  # rounds up to both huge pages
        ("hugetlb", 2 * MEGA, "resized"),
        ("anon", 2 * MEGA + 1, "resized"),
    ],
)
def test_sizes_of_huge_pages_round_up_to_huge_pages(backing: str, new_size: int, verdict: str) -> None:
    mapped = _mapped(backing)
    assert judge(_move(4 * MEGA, new_size), False, PLACE, mapped, Snapshot(())) == verdict


def test_the_mappings_matter_where_only_huge_pages_make_sizes_equal() -> None:
    assert needs_mappings(_move(4 * MEGA, 2 * MEGA + 1))
    assert not needs_mappings(_move(4 * MEGA, 2 * MEGA))
    assert not needs_mappings(_move(4096, 4095))


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        ([(0, 6144)], "refused"),
        ([(0, 3072), (3072, 6144)], "refused"),  # a split is no damage
        ([(0, 6143)], "damaged"),
        ([(1, 6144), (8192, 8193)], "partial"),
        ([(0, 6144), (8192, 8193)], "partial"),
        ([(0, 1), (2, 6144)], "damaged"),
    ],
)
def test_a_failure_is_judged_by_what_is_left_of_gigabytes(left: list[tuple[int, int]], verdict: str) -> None:
    """Ranges in megabytes from the source on; the destination is 8G behind it."""

    def mapped(ranges: list[tuple[int, int]]) -> Snapshot:
        vmas = [(PLACE + start * MEGA, PLACE + end * MEGA) for start, end in ranges]
        return Snapshot([SeenVma(start, end, "rw-", False, "anon", 0, None) for start, end in vmas])

    target = Address(None, 0, PLACE + 8192 * MEGA)
    move = Mremap("moves[0]", 1, Address("src", 0, PLACE), 6144 * MEGA, 6144 * MEGA, 3, target)
    assert judge(move, True, 0, mapped([(0, 6144)]), mapped(left)) == verdict
