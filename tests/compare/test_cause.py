"""The search for causes, on a model so small that its causes are plain to see."""

from __future__ import annotations

from mremapcheck.compare.cause import Causes, Changes
from mremapcheck.compare.comparison import Suspect, compare
from mremapcheck.compare.explain import Explainer
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.document import Scenario
from tests.factories import DAMAGED, MOVED, PARTIAL, REFUSED, kernel, outcome, ran, scenario

CASE = scenario()
#: ``early`` fails before anything happens, ``multi`` moves one by one, ``eligible`` (built on it) looks first, ``drop``
#: keeps a counter, ``noise`` does nothing.
NEEDS = {"noise": (), "early": (), "multi": (), "eligible": ("multi",), "drop": ()}
ALL = frozenset(NEEDS)


def model(changes: Changes) -> Outcome:
    if "multi" in changes:
        seen = REFUSED if "eligible" in changes else PARTIAL
    else:
        seen = REFUSED if "early" in changes else DAMAGED
    leak = 0 if "drop" in changes else 2
    return outcome(
        seen.moves[0].verdict, "EFAULT", src=seen.regions["src"], dst=seen.regions["dst"], counters={"locked": leak}
    )


class Model:
    def __init__(self) -> None:
        self.asked: list[Changes] = []

    def __call__(self, changes: Changes, case: Scenario) -> Execution:
        assert "eligible" not in changes or "multi" in changes, "a change without what it builds on"
        self.asked.append(changes)
        return ran(model(changes))


def find(a: set[str], b: set[str], *wheres: str) -> dict[str, tuple[str, ...]]:
    return Causes(NEEDS, Model()).find(CASE, frozenset(a), frozenset(b), wheres)


def test_the_change_that_makes_and_unmakes_it() -> None:
    assert find({"multi"}, {"multi", "eligible", "noise", "drop"}, "moves[0]", "counters.locked") == {
        "moves[0]": ("eligible",),
        "counters.locked": ("drop",),
    }


def test_it_works_in_both_directions() -> None:
    assert find(set(ALL), {"multi", "noise"}, "moves[0]") == {"moves[0]": ("eligible",)}


def test_one_that_is_enough_where_several_are_needed_to_undo_it() -> None:
    # Without ``early`` the newer kernel still refuses, but ``early`` alone makes the older one refuse.
    assert find(set(), {"noise", "early", "multi", "eligible"}, "moves[0]") == {"moves[0]": ("early",)}


def test_several_that_are_only_enough_together() -> None:
    def both(changes: Changes, case: Scenario) -> Execution:
        return ran(MOVED if {"one", "two"} <= changes else REFUSED)

    causes = Causes({"one": (), "noise": (), "two": ()}, both)
    assert causes.find(CASE, frozenset(), frozenset({"one", "noise", "two"}), ["moves[0]"]) == {
        "moves[0]": ("one", "two")
    }


def test_no_cause_where_there_is_no_change_between() -> None:
    assert find({"multi"}, {"multi"}, "moves[0]") == {}


def test_a_kernel_that_cannot_carry_it_out_is_no_witness() -> None:
    def picky(changes: Changes, case: Scenario) -> Execution:
        if "two" in changes and "one" not in changes:
            return Execution("skip", None, "not without one")
        return ran(MOVED if "two" in changes else REFUSED)

    causes = Causes({"one": (), "two": ()}, picky)
    assert causes.find(CASE, frozenset(), frozenset({"one", "two"}), ["moves[0]"]) == {"moves[0]": ("one", "two")}


def test_each_kernel_is_asked_once() -> None:
    asked = Model()
    Causes(NEEDS, asked).find(CASE, frozenset(), ALL, ["moves[0]", "regions.src", "counters.locked"])
    assert len(asked.asked) == len(set(asked.asked))


def explainer(a: str, b: str) -> Explainer:
    kernels = [
        kernel("6.17-rc2", changes=tuple({"multi"})) if a == "model" else kernel("6.18", "live", ("multi",)),
        kernel("6.17", changes=tuple(ALL)) if b == "model" else kernel("6.18", "live", tuple(ALL)),
    ]
    return Explainer(kernels, Causes(NEEDS, Model()))


def test_a_comparison_gets_causes_and_what_has_its_own_does_not_follow() -> None:
    case = compare(CASE, ran(model(frozenset({"multi"}))), ran(model(ALL)))
    explained = explainer("model", "model").explain(case)
    assert [(d.class_name, d.where, d.follows, d.cause) for d in explained.differences] == [
        ("partial-to-refused", "moves[0]", None, ("eligible",)),
        ("counters", "counters.locked", None, ("drop",)),
        ("contents", "regions.src", "moves[0]", ("eligible",)),
        ("contents", "regions.dst", "moves[0]", ("eligible",)),
    ]
    assert explained.suspects == ()


def test_a_real_kernel_that_does_what_its_model_does_has_a_cause_too() -> None:
    case = compare(CASE, ran(model(frozenset({"multi"}))), ran(model(ALL)))
    explained = explainer("model", "live").explain(case)
    assert explained.differences[0].cause == ("eligible",) and explained.suspects == ()


def test_where_a_kernel_does_something_else_its_model_is_suspected() -> None:
    case = compare(CASE, ran(model(frozenset({"multi"}))), ran(outcome("moved", src="......", dst="AABB.C")))
    explained = explainer("model", "live").explain(case)
    assert explained.suspects == (Suspect("6.18", None),)
    assert {d.cause for d in explained.differences if d.where == "moves[0]"} == {None}


def test_a_kernel_that_lacks_a_change_of_its_version_is_found_out() -> None:
    """As a distribution's kernel may, or one with a patch taken out."""
    kernels = [kernel("6.18", changes=tuple(ALL)), kernel("6.18", "live", tuple(ALL))]
    case = compare(CASE, ran(model(ALL)), ran(model(ALL - {"eligible"})))
    explained = Explainer(kernels, Causes(NEEDS, Model())).explain(case)
    assert explained.suspects == (Suspect("6.18", "6.18-eligible"),)
    assert {difference.cause for difference in explained.differences} == {("eligible",)}


def test_what_is_the_same_needs_no_explanation() -> None:
    case = compare(CASE, ran(REFUSED), ran(REFUSED))
    assert explainer("model", "model").explain(case) == case
