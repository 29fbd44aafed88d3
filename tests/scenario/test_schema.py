"""The JSON Schema says what the parser says, as far as a schema can."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mremapcheck.scenario.schema import FILE, as_file, json_schema
from tests.scenario.documents import PLAIN, RICH, document, faults, places

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def accepts(data: Any) -> bool:
    return bool(VALIDATOR.is_valid(data))


#: Values right in some place of the format, and values right nowhere.
VALUES: list[Any] = [
    *(None, True, False, 0, 3, -1, 2**64, 6.17, [], [0], ["dontfork"], [{}], {}, {"A": {}}),
    *({"pages": "A", "align": "2M"}, {"event": "remap"}, {"op": "fork"}),
    *("", "x", "A", "AA.B", "A{20}", "A{", "_?", "src", "dst+1p", "src+2", "0x1000", "2p", "24k", "0xfffB", "+2p", "6"),
    *("rw", "anon", "memfd", "shared", "on-fault", "missing", "dontfork", "none", "EFAULT", "moved", "0+3 3+1", "0+"),
    *("MAYMOVE|FIXED", "MREMAP_FIXED | 0x8", "FIX", "<6.17-rc1", "6.17", "mmap", "fork", "remap", "IPC_LOCK"),
]
KEYS = ["op", "kind", "flags", "letter", "lock", "src", "A", "x", "errno", "size", "pages", "name", "$schema"]


@st.composite
def changed(draw: st.DrawFn) -> Any:
    data = copy.deepcopy(draw(st.sampled_from([PLAIN, RICH])))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(data)))
        action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "remove":
            del container[key]
        elif action == "add" and isinstance(container, dict):
            container[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        else:
            container[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        if not places(data):
            break
    return data


def test_is_a_schema_and_plain_json() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_the_file_for_editors_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == as_file()


@pytest.mark.parametrize("data", [PLAIN, RICH])
def test_accepts_the_examples(data: Any) -> None:
    assert accepts(data)


@settings(max_examples=150)
@given(changed())
def test_accepts_whatever_the_parser_accepts(data: Any) -> None:
    if not faults(data):
        assert accepts(data)


#: What only shows when several values are seen together, by the words of the refusal.
BETWEEN_VALUES = (
    "there is no region",
    "no drawing has the letter",
    "no mapping has the letter",
    "are always",
    "has no file",
    "is always mapped from its start",
    "belongs to the kernel",
    "has no page",
    "the mapping has no page",
    "nobody knows whose page",
    "somebody else",
    "is a memfd already",
    "the offset is not less than the alignment",
    "a move that",
    "are expected, the scenario makes",
    "`moves` tells",
    "there is no move",
    "cannot be a region's name",
    "pages are drawn",
    # numbers within text
    "an alignment is a power of two",
    "is more than 6G",
    "is nothing: this takes at least one byte",
    "is not a number of whole pages",
    "is not the start of a page",
    "only mremap takes absolute addresses",
    "does not fit into 64 bits",
    "mlock locks",
    # an expectation's unknown key may be a region
    "unknown key",
    "a kernel version",
    "a range of kernels",
    "is not the name of an errno",
    "a result is named by its region",
    "is not an address",
    "is not a drawing",
)


@settings(max_examples=150)
@given(changed())
def test_refuses_what_the_parser_refuses_of_single_values(data: Any) -> None:
    if any(not any(words in fault for words in BETWEEN_VALUES) for fault in faults(data)):
        assert not accepts(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"summary": ""},
        {"sumary": "x"},
        {"name": "a name"},
        {"moves": []},
        {"moves": [{"old_address": "src", "old_size": 6}]},
        {"moves": [{"old_address": "src", "old_size": "6"}]},
        {"moves": [{"old_address": "src", "old_size": "6p", "op": "mremap"}]},
        {"moves": [{"op": "mprotect", "address": "src", "size": "1p"}]},
        {"moves": [{"old_address": "src", "old_size": "6p", "flags": "FIX"}]},
        {"map": {"Src": "A"}},
        {"map": {"src": "A_"}},
        {"vmas": {"A": {"knd": "anon"}}},
        {"vmas": {"A": {"kind": "anno"}}},
        {"vmas": {"AB": {}}},
        {"process": {"rlimits": {"as": "4p"}}},
        {"expect": [{"errno": "efault"}]},
        {"expect": [{"verdict": "move"}]},
        {"expect": [{"dst": "A-"}]},
    ],
)
def test_refuses(changes: dict[str, Any]) -> None:
    data = document(**changes)
    assert faults(data)
    assert not accepts(data)


def test_every_key_is_explained() -> None:
    def explained(schema: Any) -> bool:
        properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
        children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
        return all(entry.get("description") for entry in properties.values()) and all(map(explained, children))

    assert explained(json_schema())
