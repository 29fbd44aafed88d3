from __future__ import annotations

import pytest

from mremapcheck.compare.timeline import timeline
from mremapcheck.executors.references import open_executor
from mremapcheck.report.before import before
from mremapcheck.report.timeline import timeline_lines
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document


def case(**more: object) -> Scenario:
    document = {
        "name": "case",
        "summary": "What the case does",
        "map": {"src": "AB", "dst": ".."},
        "moves": [{"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
        **more,
    }
    return parse_document(document)


def told(scenario: Scenario, *references: str) -> str:
    return "\n".join(timeline_lines(scenario, timeline(scenario, references, open_executor), []))


def test_what_comes_with_a_stable_update_and_goes_with_the_next_release() -> None:
    move = {"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED|DONTUNMAP"}
    text = told(case(moves=[move]), "6.17.5", "6.17.6", "6.18-rc2", "6.18")
    assert text.count("-- gained commit 0e59f47c15ce") == 2 and text.count("-- lost commit 0e59f47c15ce") == 1
    assert "the same pages hold the same" in text
    assert "layout: other mappings in src: " in text and "no flags" in text and "accounted" in text
    assert "(layout): the same pages in mappings with other boundaries" in text


def test_what_a_kernel_cannot_do_is_gained_with_the_change_that_brings_it() -> None:
    text = told(case(vmas={"A": {"uffd": "wp"}}), "5.6", "5.7-rc1", "5.7")  # 5.7-rc1 brought DONTUNMAP too
    assert text.count("-- gained commit") == 1
    assert "<=5.6: skip" in text and "-- gained commit 63b2d4174c4a" in text


def test_bits_are_told_by_their_name_and_region() -> None:
    protect = {"op": "uffd-writeprotect", "address": "src", "size": "1p"}
    scenario = case()
    scenario = case(
        map={"src": "AA", "dst": ".."}, vmas={"A": {"uffd": "wp"}}, moves=[protect, *scenario.document["moves"]]
    )
    assert "bits: other bits: uffd-wp in dst: #- -> --" in told(scenario, "6.12.10", "6.12.11")


def test_memory_that_the_kernel_put_elsewhere_is_drawn() -> None:
    grow = {"old_address": "src", "old_size": "1p", "new_size": "2p", "flags": "MAYMOVE"}
    assert '      elsewhere "A_"' in told(case(moves=[grow]), "6.17")


@pytest.mark.parametrize(
    ("vmas", "moves", "drawn"),
    [
        ({}, [], "AB"),
        ({"A": {"touch": False}}, [], "_B"),
        ({"A": {"kind": "memfd"}}, [{"op": "munmap", "address": "src", "size": "1p"}], ".B"),
        ({"A": {"touch": False}}, [{"op": "touch", "address": "src", "size": "1p"}], "AB"),
        ({}, [{"op": "madvise", "address": "src+1p", "size": "1p", "advice": "dontneed"}], "A_"),
    ],
)
def test_before_the_moves_is_drawn_as_after_them(vmas: dict[str, object], moves: list[object], drawn: str) -> None:
    scenario = case()
    scenario = case(vmas=vmas, moves=[*moves, *scenario.document["moves"]])
    assert before(scenario)["src"] == drawn
