from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.scenario.lint import lint
from tests.scenario.documents import PLAIN, scenario

MOVE = PLAIN["moves"][0]
WITHOUT = {name: value for name, value in MOVE.items() if name != "new_address"}


def warnings(**changes: Any) -> list[str]:
    return [problem.message for problem in lint(scenario(**changes))]


def entries(*kernels: str) -> list[dict[str, str]]:
    return [{"kernel": kernel, "errno": "none"} for kernel in kernels]


def test_a_good_scenario() -> None:
    assert (
        warnings(
            expect=[{"kernel": "<6.17-rc1", "verdict": "moved", "dst": "AA"}, {"kernel": ">=6.17-rc1", "dst": "AA"}]
        )
        == []
    )


def test_findings_are_warnings_with_a_place() -> None:
    assert str(lint(scenario(map={"src": "AA", "dst": "..", "more": "."}))[0]) == (
        ": warning: region `more` has no part in any move or expectation\n  hint: leave it out"
    )


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"moves": [WITHOUT]}, "moves[0] has FIXED and no new_address"),
        ({"moves": [{**MOVE, "flags": "MAYMOVE"}]}, "moves[0] has a new_address and does not go there"),
        ({"expect": entries(">=6.18, <6.17")}, "no kernel is `>=6.18, <6.17`"),
        ({"expect": [{"kernel": ">=6.17"}]}, "nothing is expected here"),
        ({"expect": [{"moves": [{}]}]}, "nothing is expected here"),
        (
            {"expect": entries("<6.17-rc1", ">=6.17")},
            "nothing is expected of 6.17-rc1, between kernels that something is expected of",
        ),
        (
            {"expect": entries("<=6.16", ">=6.17-rc2")},
            "nothing is expected of 6.17-rc1, between kernels that something is expected of",
        ),
        (
            {"expect": [*entries(">=6.17"), {"kernel": "<6.18", "errno": "EFAULT"}]},
            "contradicts line 0: errno none and EFAULT are expected of 6.17",
        ),
        (
            {"expect": [{"errno": "EFAULT"}, {"moves": [{"errno": "EINVAL"}]}]},
            "contradicts line 0: errno EFAULT and EINVAL are expected of every kernel",
        ),
        (
            {"expect": [{"dst": "AA"}, {"kernel": "6.17", "dst": "_A."}]},
            "contradicts line 0: two drawings of `dst` are expected of 6.17",
        ),
    ],
)
def test_warns(changes: dict[str, Any], warning: str) -> None:
    assert warning in warnings(**changes)


@pytest.mark.parametrize(
    "kernels",
    [
        ("<6.17-rc1", ">=6.17-rc1, <6.17-rc3", ">=6.17-rc3"),
        ("<=6.16", ">6.16"),
        ("<6.17", ">=6.17"),
        ("!=6.17", "6.17"),
        ("<6.16.3", ">=6.16.3"),
        (">=6.10",),
        ("*",),
    ],
)
def test_ranges_without_gaps(kernels: tuple[str, ...]) -> None:
    assert warnings(expect=entries(*kernels)) == []


def test_entries_that_agree_or_speak_of_different_kernels() -> None:
    both = [{"kernel": "<6.17-rc1", "errno": "EFAULT", "dst": "AA"}, {"kernel": ">=6.17-rc1", "errno": "none"}]
    assert warnings(expect=both) == []
    assert warnings(expect=[{"errno": "none", "dst": "AA"}, {"verdict": "moved", "dst": "AA.."}]) == []


def test_an_absolute_new_address_is_meant_as_it_is() -> None:
    for move in ({**MOVE, "new_address": 0}, {**MOVE, "new_address": "0xffffffffffff0001", "flags": "MAYMOVE"}):
        assert [text for text in warnings(moves=[move]) if "new_address" in text] == []


def test_operations_on_the_way_do_not_confuse() -> None:
    fork = {"op": "fork"}
    assert warnings(moves=[fork, WITHOUT, fork, MOVE]) == ["moves[0] has FIXED and no new_address"]
