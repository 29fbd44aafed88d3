from mremapcheck.compare.difference import Difference
from mremapcheck.compare.differences import differences
from mremapcheck.compare.nondeterminism import is_free
from mremapcheck.outcome.outcome import Outcome
from tests.factories import REFUSED, outcome, scenario

CASE = scenario(flags=1)
CHOSEN = outcome(result="elsewhere", src="......", elsewhere="AABBCC")


def free(difference: Difference, a: Outcome, b: Outcome) -> bool:
    return is_free(difference, CASE, a, b)


def test_another_place_is_the_kernels_choice() -> None:
    other = outcome(result="src+10p", src="..........AABBCC")
    assert [free(difference, CHOSEN, other) for difference in differences(CASE, CHOSEN, other)] == [True]


def test_what_it_holds_is_not() -> None:
    other = outcome(result="src+10p", src="..........AABB..")
    assert not all(free(difference, CHOSEN, other) for difference in differences(CASE, CHOSEN, other))


def test_nor_is_to_move_or_not() -> None:
    grown = outcome("resized", result="src", src="AABBCC")
    assert not any(free(difference, CHOSEN, grown) for difference in differences(CASE, CHOSEN, grown))
    assert not any(free(difference, CHOSEN, REFUSED) for difference in differences(CASE, CHOSEN, REFUSED))
