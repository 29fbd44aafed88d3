"""Whatever a file holds, the answer is scenarios and problems: never an exception, never a long wait."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mremapcheck.base.errors import ScenarioError
from mremapcheck.scenario.lint import lint
from mremapcheck.scenario.loader import load_bytes
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.picture import show
from tests.scenario.documents import PLAIN, RICH, document, places, refusals

TEXTS = [json.dumps(data, indent=indent).encode() for data in (PLAIN, RICH) for indent in (None, 1)]
TEXTS.append(
    b"summary: x\nmap:\n  src: AA{3}\n  dst: |\n    ..\nvmas: {A: &a {kind: anon}}\n---\nmoves:\n"
    b'- {old_address: src, old_size: 2p,\n   flags: "FIXED"}\n- op: >-\n    fork\n...\n'
)
BITS = [
    b"[",
    b"]",
    b"{",
    b"}",
    b": ",
    b"- ",
    b"\n",
    b"\t",
    b"&a ",
    b"*a",
    b"!!",
    b"? ",
    b"---\n",
    b"'",
    b'"',
    b"|\n",
    b"%",
    b"#",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.sampled_from([0, 0, 1, 3, 30])))
        content[at:end] = draw(st.sampled_from(BITS) | st.binary(max_size=3))
    return bytes(content)


@st.composite
def mutated_data(draw: st.DrawFn) -> Any:
    data = copy.deepcopy(draw(st.sampled_from([PLAIN, RICH])))
    for _ in range(draw(st.integers(1, 4))):
        found = places(data)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        other, other_key = draw(st.sampled_from(found))
        container[key] = draw(st.just(copy.deepcopy(other[other_key])) | json_values)
    return data


@settings(max_examples=150)
@given(mutated_bytes(), st.booleans())
def test_any_bytes(content: bytes, as_json: bool) -> None:
    loaded = load_bytes(content, "case", json=as_json)
    assert loaded.scenarios or loaded.problems
    for problem in loaded.problems:
        assert str(problem).startswith("case:")
        assert problem.line > 0
        assert "\n" not in problem.message
        assert problem.hint, problem.message


@settings(max_examples=150)
@given(mutated_data())
def test_any_data(data: Any) -> None:
    try:
        scenario = parse_document(data)
    except ScenarioError as error:
        assert error.problems
        assert all(problem.hint for problem in error.problems), error
        return
    assert parse_document(json.loads(json.dumps(scenario.document))) == scenario
    assert show(scenario)
    for warning in lint(scenario):
        assert warning.level == "warning" and warning.hint


FLOOD = [
    b"summary: x\nmap: {src: A}\nmoves: [" + b"{a: 1}, " * 1000 + b"]\n",
    b"summary: x\nmap: {src: A}\nmoves: [" + b"{" + b", ".join(b"k%d: 1" % n for n in range(80_000)) + b"}]\n",
    b"summary: x\nmap: {src: " + b"AB" * 500_000 + b"}\nmoves: [{old_address: src, old_size: 1p}]\n",
    b"summary: x\nmap: {src: " + b"A." * 8192 + b"}\nvmas: {A: {guard: [" + b"0," * 256 + b"], advice: [" + b"free," * 8
    + b"]}}\nmoves: [" + b"{op: touch, address: src, size: 1p}," * 1023 + b"{old_address: src, old_size: 4G}]\n",
    b"summary: x\nmap: {src: A}\nmoves: [{old_address: src" + b"-1p" * 300_000 + b"!, old_size: 1p}]\n",
    b"a: &a [x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n",
    b"---\n" * 200_000,
    b"a: 1\n---\n" * 10_000,
    b"[" * 1_000_000,
    b"- " * 500_000,
    b"? " * 500_000,
    b"a: " * 300_000,
    b"\n" * 1_000_000,
    b"'" + b"\n" * 1_000_000,
]  # fmt: skip


@pytest.mark.parametrize("content", FLOOD, ids=range(len(FLOOD)))
def test_floods_are_over_soon(content: bytes) -> None:
    start = time.process_time()
    loaded = load_bytes(content)
    assert loaded.problems or loaded.scenarios
    assert time.process_time() - start < 8  # a second or two; the machine may be busy


def test_drawings_of_outcomes_are_bounded_together() -> None:
    entries = [{"dst": "_{1000000}"}, {"dst": "_{1000000}"}, {"dst": "_{100000}"}]
    (found,) = refusals(expect=entries)
    assert found.startswith("expect[2].dst: more than 2097152 pages are drawn | ")


def test_nothing_is_said_with_control_characters() -> None:
    found = refusals(**{"\x1b[31m": 1}) + refusals(summary="\x1b[2J\n", map={"\x07": "A", "src": "A", "dst": "."})
    assert all(text.isprintable() for text in found)


def test_the_document_is_not_changed_by_reading_it() -> None:
    data = copy.deepcopy(RICH)
    parse_document(data)
    assert data == RICH
    assert document() == PLAIN


def test_a_fork_bomb_is_refused_where_it_begins() -> None:
    forks = {**PLAIN, "moves": [{"op": "fork"}] * 33 + PLAIN["moves"]}
    with pytest.raises(ScenarioError, match="a scenario forks at most 32 times") as caught:
        parse_document(forks)
    assert len(caught.value.problems) == 1
    assert parse_document({**forks, "moves": forks["moves"][1:]}).script
