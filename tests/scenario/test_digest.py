from __future__ import annotations

import pytest

from tests.scenario.documents import PLAIN, scenario


def test_words_and_expectations_do_not_count() -> None:
    more = scenario(name="x", summary="other", about="more", cite=["abc"], expect=[{"errno": "EFAULT"}])
    assert more.digest == scenario().digest


def test_the_way_of_writing_does_not_count() -> None:
    move = {"old_address": "src+0p", "old_size": "8192B", "new_size": "2p", "flags": "3", "new_address": "dst"}
    assert (
        scenario(map={"src": "A{2}", "dst": ".."}, vmas={"A": {"kind": "anon"}}, moves=[move]).digest
        == scenario().digest
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"map": {"src": "AA", "dst": "X."}},
        {"map": {"src": "BB", "dst": ".."}},
        {"map": {"dst": "..", "src": "AA"}},
        {"vmas": {"A": {"prot": "r"}}},
        {"vmas": {"A": {"touch": False}}},
        {"process": {"fork": True}},
        {"process": {"rlimits": {"memlock": "1p"}}},
        {"moves": [{**PLAIN["moves"][0], "flags": "MAYMOVE"}]},
        {"moves": [{"op": "fork"}, *PLAIN["moves"]]},
    ],
)
def test_what_is_carried_out_counts(changes: dict[str, object]) -> None:
    assert scenario(**changes).digest != scenario().digest


def test_is_the_same_everywhere() -> None:
    assert scenario().digest == "925475992c68493b"
