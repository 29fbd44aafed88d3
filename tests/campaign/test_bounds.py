import json

from mremapcheck.campaign.bounds import FLAGS, Bounds


def test_the_count_is_known_before_the_scenarios_are_made() -> None:
    bounds = Bounds(mappings=2, pages=2, flavours=("anon", "memfd"))
    assert bounds.count() == sum(1 for _ in bounds.documents())


def test_no_scenario_comes_twice() -> None:
    bounds = Bounds(mappings=2, flavours=("anon", "anon-shared"))
    seen = {json.dumps({**document, "name": ""}, sort_keys=True) for document in bounds.documents()}
    assert len(seen) == bounds.count()


def test_one_mapping_by_hand() -> None:
    bounds = Bounds(mappings=1, flavours=("anon",), beyond=0, resize=(0,), destination=("free",))
    documents = list(bounds.documents())
    assert [document["moves"][0]["flags"] for document in documents] == list(FLAGS)
    assert {document["map"]["src"] for document in documents} == {"A"}


def test_files_continue_from_mapping_to_mapping() -> None:
    bounds = Bounds(mappings=2, pages=1, gap=1, flavours=("memfd",))
    drawings = {document["map"]["src"]: document["vmas"] for document in bounds.documents()}
    assert drawings["AB"]["B"]["offset"] == "1p"
    assert drawings["A.B"]["B"]["offset"] == "2p"
