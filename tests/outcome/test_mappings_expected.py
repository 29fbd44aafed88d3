"""Protection, sharing, offset and flags of mappings, as they are expected and as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.convert.export.words import expected_facts
from mremapcheck.outcome.expectations import mismatches
from mremapcheck.scenario.parse import parse_document
from tests.factories import outcome, vma

SEEN = outcome(
    src="AB",
    dst="",
    mappings=(vma("src", 0, 1, prot="r--", offset=4), vma("src", 1, 1, flags=("accounted", "locked"))),
)


def entry(**mappings: Any) -> Any:
    document = {
        "map": {"src": "AB", "dst": ".."},
        "moves": [{"old_address": "src", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
        "expect": [{"mappings": mappings}],
    }
    return parse_document(document).expect[0]


@pytest.mark.parametrize(
    ("mappings", "found"),
    [
        ([{}, {}], []),
        ([{"prot": "r", "offset": "4p", "without": "locked"}, {"prot": "rw", "flags": ["locked"]}], []),
        ([{"sharing": "private"}, {"without": "sealed"}], []),
        ([{}], ["mappings.src: expected 1, seen 2"]),
        ([{"prot": "none"}, {}], ["mappings.src[0].prot: expected ---, seen r--"]),
        ([{"sharing": "shared"}, {}], ["mappings.src[0].sharing: expected shared, seen private"]),
        ([{"offset": "5p"}, {}], ["mappings.src[0].offset: expected 5p, seen 4p"]),
        ([{"flags": "locked"}, {}], ["mappings.src[0].flags: expected locked, seen none"]),
        ([{}, {"without": "locked"}], ["mappings.src[1].flags: expected not locked, seen accounted, locked"]),
    ],
)
def test_mappings_are_held_against_what_was_seen(mappings: list[dict[str, Any]], found: list[str]) -> None:
    assert [str(mismatch) for mismatch in mismatches(entry(src=mappings), SEEN)] == found


def test_no_mapping_is_expected_where_the_list_is_empty() -> None:
    assert not list(mismatches(entry(dst=[]), SEEN))
    assert list(mismatches(entry(src=[]), replace(SEEN)))


def test_exported_programs_expect_the_same() -> None:
    facts = expected_facts(entry(src=[{"prot": "r", "offset": "4p"}, {"flags": "locked", "without": "sealed"}]), 1)
    assert [tuple(fact) for fact in facts] == [
        ("mappings.src", "2"),
        ("mappings.src[0].prot", "r--"),
        ("mappings.src[0].offset", "4p"),
        ("mappings.src[1].VmFlags.lo", "yes"),
        ("mappings.src[1].VmFlags.sl", "no"),
    ]


def test_a_flag_is_there_or_not() -> None:
    with pytest.raises(ScenarioError):
        entry(src=[{"flags": "locked", "without": ["locked"]}, {}])
