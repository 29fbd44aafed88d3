"""What YAML and JSON texts mean, and where things stand in them."""

from __future__ import annotations

from typing import Any

import pytest

from mremapcheck.scenario import plain
from mremapcheck.scenario.plain import Mistake, read_json, read_yaml


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def _both_parsers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    if request.param == "pure":
        monkeypatch.setattr(yaml, "__with_libyaml__", False)
    plain._parser.cache_clear()
    request.addfinalizer(plain._parser.cache_clear)


def one(text: str) -> Any:
    documents, mistake = read_yaml(text)
    assert mistake is None
    assert not documents[0].mistakes
    return documents[0].data


def mistakes(text: str) -> list[Mistake]:
    documents, mistake = read_yaml(text)
    return [found for document in documents for found in document.mistakes] + ([mistake] if mistake else [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6),
        ("-6", -6),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        # what other YAML readers make something else of
        ("6.10", "6.10"),
        ("1e10234567", "1e10234567"),
        ("0123456", "0123456"),
        ("0x1000", "0x1000"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("off", "off"),
        ("yes", "yes"),
        ("n", "n"),
        ("2025-08-04", "2025-08-04"),
        (".inf", ".inf"),
        ("'6'", "6"),
        ('"true"', "true"),
        ("9" * 30, "9" * 30),
    ],
)
def test_what_scalars_mean(text: str, value: Any) -> None:
    assert one(f"key: {text}") == {"key": value}


def test_keys_are_always_text() -> None:
    assert one("{1: a, y: b, null: c, 6.10: d}") == {"1": "a", "y": "b", "null": "c", "6.10": "d"}


def test_several_documents() -> None:
    documents, mistake = read_yaml("a: 1\n---\n---\n# nothing\n---\nb: [2, {c: 3}]\n")
    assert mistake is None
    assert [document.data for document in documents] == [{"a": 1}, None, None, {"b": [2, {"c": 3}]}]
    assert [document.line for document in documents] == [1, 3, 5, 6]


def test_marks() -> None:
    documents, _ = read_yaml("map:\n  src: AA\nmoves:\n  - {old_address: src,\n     flags: 3}\n")
    marks = documents[0].marks
    assert marks is not None
    assert marks(()) == (1, 1)
    assert marks(("map", "src")) == (2, 8)
    assert marks(("map", "src"), True) == (2, 3)
    assert marks(("moves", 0)) == (4, 5)
    assert marks(("moves", 0, "flags")) == (5, 13)
    assert marks(("moves", 0, "flags"), True) == (5, 6)
    assert marks(("moves", 0, "old_size", "deeper")) == (4, 5)
    assert marks(("moves", 1)) == (4, 3)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a: *x\n", Mistake(1, 4, "alias `*x`: a scenario has no aliases", "write the value out")),
        ("a: &x [1]\nb: *x\n", Mistake(2, 4, "alias `*x`: a scenario has no aliases", "write the value out")),
        ("a: !!str 5\n", Mistake(1, 4, "tag `tag:yaml.org,2002:str`: a scenario has no tags", "leave it out")),
        ("a: ! 5\n", Mistake(1, 4, "tag `!`: a scenario has no tags", "leave it out")),
        (
            "a: !!python/object:os.system {}\n",
            Mistake(1, 4, "tag `tag:yaml.org,2002:python/object:os.sy...`: a scenario has no tags", "leave it out"),
        ),
        ("a: 1\na: 2\n", Mistake(2, 1, "key `a` is there twice, first on line 1")),
        ("<<: {a: 1}\n", Mistake(1, 1, "a scenario has no merge keys", "write the keys out")),
        ("? [a]\n: 1\n", Mistake(1, 3, "a key is plain text", "no lists, mappings, aliases or tags")),
        ("[" * 13 + "]" * 13, Mistake(1, 13, "nested more than 12 levels deep")),
        ("[" * 500_000, Mistake(1, 0, "nested more than 12 levels deep")),
        ("- " * 500_000, Mistake(1, 25, "nested more than 12 levels deep")),
        ("a: \x01\n", Mistake(1, 4, "character 0x1 has no place in a text")),
        ("a: 1\n\ufffe", Mistake(2, 1, "character 0xfffe has no place in a text")),
    ],
)
def test_refuses(text: str, mistake: Mistake) -> None:
    (found,) = mistakes(text)
    assert found[:3] == (mistake.line, mistake.column or found.column, mistake.message)  # 0: depends on the parser
    assert found.hint and mistake.hint in ("", found.hint)


def test_a_syntax_error_ends_the_reading_where_it_stands() -> None:
    documents, mistake = read_yaml("a: 1\n---\nb: [1,\nc: 2\n")
    assert [document.data for document in documents] == [{"a": 1}]
    assert mistake is not None
    assert mistake.line == 5
    assert mistake.message.startswith("this is not YAML: ")
    assert mistake.message.endswith(", while parsing a flow sequence that begins on line 3")


def test_a_tab_for_indentation_is_named() -> None:
    found = mistakes("map:\n\tsrc: A\n")
    assert found[0].hint == "YAML takes no tabs for indentation"


def test_what_was_refused_does_not_make_a_document_worse_than_it_is() -> None:
    documents, _ = read_yaml("a: 1\na: *x\n---\na: 1\na: 2\n")
    assert [document.whole for document in documents] == [False, True]
    assert documents[1].data == {"a": 1}


def test_not_every_mistake_is_kept() -> None:
    assert len(mistakes("a: 1\n" * 5000)) == 100


def test_json() -> None:
    documents, mistake = read_json('{"a": [1, true, null, "6.10", 6.5],\n "b": {"c": "\\u00e9\\/"}}')
    assert mistake is None
    assert documents[0].data == {"a": [1, True, None, "6.10", 6.5], "b": {"c": "é/"}}
    assert documents[0].marks is not None
    assert documents[0].marks(("b", "c")) == (2, 13)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('{"a": }', Mistake(1, 7, "this is not JSON: Expecting value")),
        ("a: 1", Mistake(1, 1, "this is not JSON: Expecting value")),
        ("", Mistake(1, 1, "this is not JSON: Expecting value")),
        ('{"a": 1} {}', Mistake(1, 10, "this is not JSON: Extra data")),
    ],
)
def test_what_is_no_json(text: str, mistake: Mistake) -> None:
    documents, found = read_json(text)
    assert not documents and found is not None and found[:3] == mistake[:3] and found.hint


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 100_000, '{"a": ' * 10_000])
def test_hostile_json(text: str) -> None:
    documents, mistake = read_json(text)
    assert not documents
    assert mistake is not None
    assert mistake.message.startswith("this is not JSON")


def test_duplicate_keys_in_json() -> None:
    documents, _ = read_json('{"a": 1,\n "a": 2}')
    assert [found[:3] for found in documents[0].mistakes] == [(2, 2, "key `a` is there twice, first on line 1")]


def test_json_that_is_no_yaml_has_no_positions() -> None:
    documents, mistake = read_json('{"a": "\\ud83d\\ude00"}')
    assert mistake is None
    assert documents[0].data == {"a": "😀"}
