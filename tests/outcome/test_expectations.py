from __future__ import annotations

import pytest

from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import NOTHING_EXPECTED, judge, mismatches
from mremapcheck.outcome.outcome import Execution, MoveOutcome
from mremapcheck.scenario.document import MoveExpectation
from tests.factories import MOVED, PARTIAL, REFUSED, expectation, outcome, ran, scenario, vma

NEW = KernelVersion.parse("6.17")


def test_what_is_seen_as_expected_passes() -> None:
    entry = expectation(
        move=MoveExpectation("EFAULT", None, "partial"),
        src="..BB.C",
        dst="AA",  # a drawing may be shorter than its region
        layout={"src": ((2, 2), (5, 1)), "dst": ((0, 2),)},
        counters={"locked": 0, "total": 5},
        events=(),
    )
    result = judge(scenario(expect=(entry,)), ran(PARTIAL), NEW)
    assert (result.status, result.mismatches) == ("pass", ())


def test_every_mismatch_is_named_with_both_values_and_its_line() -> None:
    entry = expectation(
        move=MoveExpectation("EPERM", "dst", "moved"),
        src="......",
        layout={"src": ((0, 4),)},
        counters={"locked": 2},
        events=({"event": "remap", "from": "src", "to": "dst", "len": "2p"},),
        line=7,
    )
    result = judge(scenario(expect=(entry,)), ran(PARTIAL), NEW)
    assert result.status == "fail"
    assert [str(mismatch) for mismatch in result.mismatches] == [
        "moves[0].errno: expected EPERM, seen EFAULT",
        "moves[0].result: expected dst, seen none (EFAULT)",
        "moves[0].verdict: expected moved, seen partial",
        "regions.src: expected ......, seen ..BB.C",
        "layout.src: expected 0+4, seen 2+2 5+1",
        "counters.locked: expected 2p, seen 0p",
        "events: expected remap from=src to=dst len=2p, seen none",
    ]
    assert {mismatch.line for mismatch in result.mismatches} == {7}


@pytest.mark.parametrize(("errno", "good"), [("none", True), ("EFAULT", False)])
def test_errno_none_expects_success(errno: str, good: bool) -> None:
    entry = expectation(move=MoveExpectation(errno, None, None))
    assert (not list(mismatches(entry, MOVED))) is good


def test_a_place_that_the_kernel_chose_is_elsewhere_whichever_it_is() -> None:
    entry = expectation(move=MoveExpectation(None, "elsewhere", None))
    assert not list(mismatches(entry, outcome(result="elsewhere2")))
    assert list(mismatches(entry, outcome(result="dst")))


def test_an_expectation_of_one_move_among_several() -> None:
    seen = outcome(moves=(MoveOutcome("EINVAL", None, "refused"), MoveOutcome(None, "dst", "moved")), src="", dst="A")
    entry = expectation(move=MoveExpectation("none", None, "moved"))
    assert not list(mismatches(entry, seen))
    entry.moves[0] = MoveExpectation("EFAULT", None, None)  # type: ignore[index]
    assert [mismatch.where for mismatch in mismatches(entry, seen)] == ["moves[0].errno"]


def test_only_entries_for_the_version_count_and_all_of_them() -> None:
    entries = (
        expectation("<6.17-rc1", MoveExpectation("EPERM")),
        expectation(">=6.17-rc1", MoveExpectation("EFAULT")),
        expectation("*", src="......"),
    )
    case = scenario(expect=entries)
    assert [str(m) for m in judge(case, ran(REFUSED), NEW).mismatches] == ["regions.src: expected ......, seen AABB.C"]
    assert len(judge(case, ran(REFUSED), KernelVersion.parse("6.16.12")).mismatches) == 2


def test_where_nothing_is_expected_it_passes_and_says_so() -> None:
    result = judge(scenario(expect=(expectation("<5.0", src=""),)), ran(REFUSED), NEW)
    assert (result.status, result.reason) == ("unchecked", NOTHING_EXPECTED)


@pytest.mark.parametrize("status", ["skip", "error"])
def test_no_outcome_is_never_a_pass(status: str) -> None:
    result = judge(scenario(), Execution(status, None, "no mseal here"), NEW)  # type: ignore[arg-type]
    assert (result.status, result.reason) == (status, "no mseal here")


def test_an_unobserved_page_says_why() -> None:
    seen = outcome("refused", "EFAULT", src="A?", more={"unobserved": {"src+1p": "guard page", "dst": "other"}})
    (mismatch,) = mismatches(expectation(src="AA"), seen)
    assert mismatch.seen == "A? (? is guard page)"


def test_a_letter_that_was_never_touched_stands_for_its_mapping() -> None:
    seen = outcome(src="..", dst="A_")
    assert not list(mismatches(expectation(dst="AB"), seen, frozenset("B")))
    assert [mismatch.where for mismatch in mismatches(expectation(dst="BA"), seen, frozenset("B"))] == ["regions.dst"]
    assert [mismatch.where for mismatch in mismatches(expectation(dst="AB"), seen)] == ["regions.dst"]


def test_layout_counts_only_the_mappings_of_its_region() -> None:
    seen = outcome(mappings=(vma("src", 0, 3), vma("dst", 0, 1), vma("src", 3, 3)), src="AAABBB", dst="X")
    assert not list(mismatches(expectation(layout={"src": ((0, 3), (3, 3))}), seen))
    (mismatch,) = mismatches(expectation(layout={"src": ((0, 6),)}), seen)
    assert (mismatch.expected, mismatch.seen) == ("0+6", "0+3 3+3")


def test_json_of_a_result() -> None:
    data = judge(scenario(expect=(expectation(src="XX"),)), ran(REFUSED), NEW).to_json()
    assert data["scenario"] == "case" and data["digest"] == scenario().digest and data["path"] == "scenarios/case.yaml"
    assert data["status"] == "fail" and data["outcome"] == REFUSED.to_json()
    assert data["mismatches"] == [{"where": "regions.src", "expected": "XX", "seen": "AABB.C", "line": 12}]
