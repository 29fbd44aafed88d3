from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.campaign.generator import Generator
from mremapcheck.scenario.parse import parse_document


@given(st.integers(0, 2**32), st.lists(st.integers(0, 10**9), min_size=2, max_size=6))
def test_a_document_depends_on_seed_and_number_only(seed: int, numbers: list[int]) -> None:
    there = {number: Generator(seed).document(number) for number in numbers}
    generator = Generator(seed)
    for number in reversed(numbers):
        assert generator.document(number) == there[number]


def test_other_seeds_give_other_scenarios() -> None:
    assert [Generator(1).document(n)["map"] for n in range(20)] != [Generator(2).document(n)["map"] for n in range(20)]


def test_what_a_kernel_lacks_is_not_drawn() -> None:
    plain = Generator(5, features=frozenset())
    drawn = [str(plain.document(number)) for number in range(2000)]
    assert not any("uffd" in text or "seal" in text or "guard" in text or "process" in text for text in drawn)
    rich = [str(Generator(5).document(number)) for number in range(2000)]
    assert any("uffd" in text for text in rich)
    assert any("seal" in text for text in rich)


def test_every_document_is_a_scenario() -> None:
    generator = Generator(11)
    for number in range(1500):
        parse_document(generator.document(number))
