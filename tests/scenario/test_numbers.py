"""Sizes that are sums, and map slots below none."""

from __future__ import annotations

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.scenario.address import parse_size
from mremapcheck.scenario.operations import Mremap
from mremapcheck.scenario.reader import Refused
from tests.scenario.documents import scenario


@pytest.mark.parametrize(
    ("text", "size"), [("2p-1B", 8191), ("1p+8B", 4104), ("2M-1p+1B", 2**21 - 4095), ("0x10B+1p", 4112)]
)
def test_sizes_may_be_sums(text: str, size: int) -> None:
    assert parse_size(text) == size
    (move,) = scenario(moves=[{"old_address": "src", "old_size": text}]).script
    assert isinstance(move, Mremap)
    assert move.old_size == size


@pytest.mark.parametrize("text", ["1p-2p", "1p-", "+1p", "1p 8B", "1p--1B", "18446744073709551615B+1B"])
def test_other_sums_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_size(text)


def test_one_mapping_beyond_the_limit_is_the_least() -> None:
    assert scenario(process={"map_headroom": -1}).process.map_headroom == -1
    with pytest.raises(ScenarioError):
        scenario(process={"map_headroom": -2})
