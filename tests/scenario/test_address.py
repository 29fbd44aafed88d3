from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.units import TASK_SIZE, U64
from mremapcheck.scenario.address import (
    FARTHEST,
    LARGEST,
    Place,
    format_size,
    parse_address,
    parse_size,
    touches_nothing,
)
from mremapcheck.scenario.operations import Address
from mremapcheck.scenario.reader import Refused


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("6p", 24576),
        ("123B", 123),
        ("64K", 65536),
        ("2M", 2 << 20),
        ("1G", 1 << 30),
        ("0p", 0),
        ("0xfffffffffffff001B", 0xFFFFFFFFFFFFF001),
    ],
)
def test_sizes_carry_their_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("6", "with its unit: `6p` (pages) or `24K`?"),
        ("24576", "with its unit: `6p` (pages) or `24576B` (bytes)?"),
        ("24k", "did you mean `24K`?"),
        ("24KiB", "did you mean `24K`?"),
        ("6 pages", "did you mean `6p`?"),
        ("-1p", "sizes look like"),
        ("", "sizes look like"),
        ("1.5M", "sizes look like"),
        ("9" * 1000, "sizes look like"),
    ],
)
def test_other_sizes_are_refused_with_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(Refused, match="is not a size") as caught:
        parse_size(text)
    assert caught.value.hint.startswith(hint)


def test_a_size_fits_into_a_register() -> None:
    with pytest.raises(Refused, match="does not fit into 64 bits"):
        parse_size("99999999999999999999G")


@given(st.integers(0, U64))
def test_formatted_sizes_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("src", Place("src", 0)),
        ("src+2p", Place("src", 8192)),
        ("dst-1p+8B", Place("dst", -4088)),
        ("a-b_1", Place("a-b_1", 0)),
        ("a-b-1p", Place("a-b", -4096)),
        ("0x0", Place(None, 0)),
        ("0xffff", Place(None, 0xFFFF)),
        (hex(TASK_SIZE), Place(None, TASK_SIZE)),
        ("0xffffffffffffffff", Place(None, U64)),
    ],
)
def test_addresses(text: str, place: Place) -> None:
    assert parse_address(text) == place


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("src+2", "`src+2` is not an address", "did you mean `src+2p`?"),
        ("Src", "`Src` is not an address", "addresses look like"),
        ("", "`` is not an address", "addresses look like"),
        ("src +2p", "`src +2p` is not an address", "addresses look like"),
        ("0x10000", "0x10000 may belong to somebody else", "absolute addresses are below 0x10000 or from"),
        (hex(TASK_SIZE - 1), "may belong to somebody else", "absolute addresses are below"),
        ("src+7G", "`src+7G` is too far from the region", "regions reach from 4G"),
        ("a" + "-1p" * 100_000 + "!", "is not an address", "addresses look like"),
    ],
)
def test_other_addresses_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_address(text)
    assert message in caught.value.message
    assert caught.value.hint.startswith(hint)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), st.integers(-FARTHEST, LARGEST))
def test_the_text_of_an_address_reads_back(region: str, offset: int) -> None:
    assert parse_address(str(Address(region, offset, 0))) == Place(region, offset)


def test_what_no_kernel_touches() -> None:
    assert not touches_nothing(0)
    assert not touches_nothing(TASK_SIZE - 1 - 4096)
    assert touches_nothing(TASK_SIZE)
    assert touches_nothing(TASK_SIZE - 1)  # in whole pages
    assert touches_nothing(U64)  # in whole pages it is 0
