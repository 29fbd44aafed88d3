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
