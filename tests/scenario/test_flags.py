from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.units import U64
from mremapcheck.scenario.flags import format_flags, parse_flags
from mremapcheck.scenario.reader import Refused


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("MAYMOVE", 1),
        ("MAYMOVE|FIXED", 3),
        ("MREMAP_MAYMOVE | MREMAP_DONTUNMAP", 5),
        ("0", 0),
        ("0x10|FIXED", 18),
        ("7", 7),
    ],
)
def test_names_and_numbers(text: str, flags: int) -> None:
    assert parse_flags(text) == flags


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("MAYMOVE|FIX", "`FIX` is not a flag of mremap", "did you mean `FIXED`?"),
        ("maymove", "`maymove` is not a flag of mremap", "did you mean `MAYMOVE`?"),
        ("MAYMOVE FIXED", "`MAYMOVE FIXED` is not a flag", "flags are joined by `|`: `MAYMOVE|FIXED`"),
        ("MREMAP_MAYMOVE, MREMAP_FIXED", "`MREMAP_MAYMOVE, MR", "flags are joined by `|`: `MAYMOVE|FIXED`"),
        ("MAP_FIXED", "`MAP_FIXED` is not a flag of mremap", "did you mean `FIXED`?"),
        ("", "`` is not a flag of mremap", "one of DONTUNMAP, FIXED, MAYMOVE"),
        ("0x1ffffffffffffffff", "`0x1ffffffffffffffff` is not a flag", "one of"),
        ("99999999999999999999", "flags do not fit into 64 bits", ""),
    ],
)
def test_other_flags_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_flags(text)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


def test_formats_in_the_man_pages_names() -> None:
    assert [format_flags(flags) for flags in (0, 1, 7, 0x12)] == [
        "0",
        "MAYMOVE",
        "MAYMOVE|FIXED|DONTUNMAP",
        "FIXED|0x10",
    ]


@given(st.integers(0, U64))
def test_formatted_flags_read_back(flags: int) -> None:
    assert parse_flags(format_flags(flags)) == flags
