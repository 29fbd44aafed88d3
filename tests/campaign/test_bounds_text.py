from typing import Any

import pytest

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.campaign.bounds import FLAGS, FLAVOURS, SECONDS, Bounds
from mremapcheck.campaign.bounds_text import bounds_text, parse_bounds


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("", Bounds()),
        ("mappings=3,pages=1,kinds=anon+memfd", Bounds(mappings=3, pages=1, flavours=("anon", "memfd"))),
        ("kinds=all", Bounds(flavours=tuple(FLAVOURS))),
        ("flags=0+MAYMOVE|FIXED, resize=-1+0", Bounds(flags=(0, "MAYMOVE|FIXED"), resize=(-1, 0))),
        ("destination=mapped,moves=2,gap=0,beyond=2", Bounds(destination=("mapped",), moves=2, gap=0, beyond=2)),
    ],
)
def test_bounds_are_read_and_written(text: str, bounds: Bounds) -> None:
    assert parse_bounds([text]) == bounds
    assert parse_bounds([bounds_text(bounds)]) == bounds


def test_fixed_is_short_for_all_flags_with_it() -> None:
    assert set(parse_bounds(["flags=fixed"]).flags) == {flag for flag in FLAGS if "FIXED" in str(flag)}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mapings=3", "did you mean `mappings=...`"),
        ("mappings", "did you mean `mappings=...`"),
        ("mappings=99", "mappings goes from 1 to 6"),
        ("mappings=-1", "mappings goes from 1 to 6"),
        ("kinds=anonn", "did you mean `anon`"),
        ("resize=x", "resize=0\\+-1\\+1"),
        ("flags=MAYMOVE\\|FIX", "known are|did you mean"),
    ],
)
def test_mistakes_have_a_hint(text: str, hint: str) -> None:
    with pytest.raises(MremapcheckError, match=hint):
        parse_bounds([text])


def test_a_second_move_follows_every_first_one() -> None:
    bounds = Bounds(mappings=1, flavours=("anon",), flags=("MAYMOVE|FIXED",), resize=(0,), moves=2)
    documents = list(bounds.documents())
    assert len(documents) == bounds.count() == Bounds(**{**_fields(bounds), "moves": 1}).count() * len(SECONDS)
    assert {len(document["moves"]) for document in documents} == {2}
    back = next(d for d in documents if d["moves"][1]["new_address"] == "src")
    assert back["moves"][1]["old_address"] == back["moves"][0]["new_address"] == "dst"


def _fields(bounds: Bounds) -> dict[str, Any]:
    return {name: getattr(bounds, name) for name in bounds.__dataclass_fields__}


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (5, 9), (40, 200), (0, 10**6), (300, 200)])
def test_any_stretch_of_the_enumeration_can_be_asked_for(start: int, stop: int) -> None:
    bounds = Bounds(mappings=2, flavours=("anon",))
    assert list(bounds.documents(start, stop)) == list(bounds.documents())[start:stop]
