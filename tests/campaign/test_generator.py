from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.campaign.generator import FOR_MODELS, Generator
from mremapcheck.scenario.attributes import Attributes
from mremapcheck.scenario.containers import Struct
from mremapcheck.scenario.format import ProcessItem
from mremapcheck.scenario.items import ITEM
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import ADVICES
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
    assert not any(
        "uffd" in text or "'seal': True" in text or "mseal" in text or "guard" in text or "process" in text
        for text in drawn
    )
    rich = [str(Generator(5).document(number)) for number in range(2000)]
    assert any("uffd" in text for text in rich)
    assert any("mseal" in text for text in rich)


def test_every_document_is_a_scenario() -> None:
    generator = Generator(11)
    for number in range(1500):
        parse_document(generator.document(number))


def test_all_that_the_format_has_is_drawn() -> None:
    generator = Generator(3, costly=FOR_MODELS)
    operations: set[str] = set()
    failing: set[str] = set()
    advices: set[str] = set()
    made: list[dict[str, Any]] = []
    conditions: set[str] = set()
    places: set[str] = set()
    keys: dict[str, set[str]] = {}
    for number in range(12000):
        document = generator.document(number)
        made += document.get("vmas", {}).values()
        conditions |= document.get("process", {}).keys()
        for item in document["moves"]:
            places |= {key for key in ("old_address", "address") if str(item.get(key)).startswith("elsewhere")}
            operation = item.get("op", "mremap")
            operations.add(operation)
            keys.setdefault(operation, set()).update(item)
            if "errno" in item:
                failing.add(operation)
            if operation == "madvise":
                advices.add(item["advice"])
            if operation == "mmap":
                made.append(item)
    assert {"mremap", *ITEM.records} == operations
    keys["mmap"] |= set(Struct(Attributes).keys)  # which are those of letters, too
    assert {name: set(record.keys) for name, record in ITEM.records.items()} == {
        name: keys[name] for name in ITEM.records
    }
    assert {name for name, record in ITEM.records.items() if "errno" in record.keys} == failing
    assert places == {"old_address", "address"}
    assert set(KINDS) == {"anon", *(attributes.get("kind", "anon") for attributes in made)}
    assert set(Struct(Attributes).keys) <= {key for attributes in made for key in attributes}
    # MADV_COLLAPSE needs huge pages that happen to be free.
    assert set(ADVICES) - {"collapse"} == advices
    assert set(Struct(ProcessItem).keys) == conditions
