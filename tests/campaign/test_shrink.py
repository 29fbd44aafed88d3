from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mremapcheck.campaign.generator import Generator
from mremapcheck.campaign.shrink import candidates, shrink


def _weight(document: dict[str, Any]) -> int:
    return len(str(document))


def test_all_that_does_not_matter_goes() -> None:
    document = {
        "name": "x",
        "summary": "random",
        "map": {"src": ".AABBC..", "dst": "XXXX"},
        "vmas": {"A": {"prot": "r", "uffd": "missing"}, "C": {"lock": True}, "X": {"touch": False}},
        "moves": [
            {"op": "munmap", "address": "src+1p", "size": "1p"},
            {
                "old_address": "src+1p",
                "old_size": "5p",
                "new_size": "5p",
                "flags": "MAYMOVE|FIXED",
                "new_address": "dst",
            },
        ],
        "process": {"fork": True},
    }

    def shows(candidate: dict[str, Any]) -> bool:
        return candidate.get("vmas", {}).get("A", {}).get("uffd") == "missing" and "A" in candidate["map"]["src"]

    small = shrink(document, shows)
    assert small["map"] == {"src": "A", "dst": "."}
    assert small["vmas"] == {"A": {"uffd": "missing"}}
    assert len(small["moves"]) == 1
    assert "process" not in small


def test_long_runs_become_shorter() -> None:
    """What is drawn for hugetlbfs has aligned regions with runs of many pages."""
    document = {
        "name": "x",
        "summary": "random",
        "map": {"src": {"pages": "A{1024}", "align": "2M"}, "dst": {"pages": "X{512}", "align": "2M"}},
        "vmas": {"A": {"kind": "hugetlb"}},
        "moves": [{"old_address": "src", "old_size": "2M", "flags": "MAYMOVE|FIXED", "new_address": "dst"}],
    }
    small = shrink(document, lambda candidate: "A" in candidate["map"]["src"]["pages"])
    assert small["map"] == {"src": {"pages": "A", "align": "2M"}, "dst": {"pages": ".", "align": "2M"}}
    assert "vmas" not in small


def test_a_scenario_that_needs_everything_stays() -> None:
    document = Generator(3).document(4)
    assert shrink(document, lambda candidate: candidate == document) == document


def test_it_stops_after_so_many_tries() -> None:
    asked = []

    def shows(candidate: dict[str, Any]) -> bool:
        asked.append(candidate)
        return False

    shrink(Generator(3).document(11), shows, tries=5)
    assert len(asked) == 5


@given(st.integers(0, 10**6))
@settings(max_examples=60)
def test_candidates_never_grow_much_and_never_repeat_the_scenario(number: int) -> None:
    document = Generator(1).document(number)
    for candidate in candidates(document):
        assert candidate != document
        assert _weight(candidate) <= _weight(document) + 2
