"""What reports say of a scenario can be said to the program."""

from __future__ import annotations

import re

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.scenario import picture
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document
from tests import shipped


def words(scenario: Scenario) -> list[str]:
    """Return all that ``show`` prints of a scenario, a line each."""
    regions = [line.replace("  ", "=", 1).replace(" ", "") for line in picture.regions(scenario).splitlines()]
    lines = [*picture.legend(scenario).splitlines(), *picture.conditions(scenario).splitlines()]
    return [*regions, *lines, *picture.moves(scenario).splitlines()]


def calls(scenario: Scenario) -> list[str]:
    """Return the calls without the numbers of their items: one mmap with more than mmap(2) is several calls."""
    return [line.partition(" ")[2] for line in picture.moves(scenario).splitlines()]


@pytest.mark.parametrize("scenario", shipped.scenarios(), ids=lambda scenario: str(scenario.name))
def test_what_show_prints_can_be_tried(scenario: Scenario) -> None:
    again = parse_document(document(words(scenario)))
    assert picture.legend(again) == picture.legend(scenario)
    assert picture.conditions(again) == picture.conditions(scenario)
    assert calls(again) == calls(scenario)


@pytest.mark.parametrize(
    ("word", "made"),
    [
        ("B: anon-shared r", {"kind": "anon-shared", "prot": "r"}),
        ("B: memfd, file m, from 2p on", {"kind": "memfd", "file": "m", "offset": "2p"}),
        ("B  private file, rw, untouched", {"sharing": "private", "kind": "file", "prot": "rw", "touch": False}),
        ("B: locked on fault, dontfork, dontdump", {"lock": "on-fault", "advice": ["dontfork", "dontdump"]}),
        ('B: guard pages 0, 2, named "my heap", sealed', {"guard": [0, 2], "name": "my heap", "seal": True}),
        ("B: uffd wp+events", {"uffd": "wp+events"}),
        ("B: kind: memfd, file: m", {"kind": "memfd", "file": "m"}),
        ("B: {kind: memfd, file: m, touch: false}", {"kind": "memfd", "file": "m", "touch": False}),
    ],
)
def test_letters(word: str, made: dict[str, object]) -> None:
    assert document(["src=B", word, "mremap(src, 1p)"])["vmas"] == {"B": made}


def test_calls() -> None:
    moves = document(
        [
            "src=A{512}.. align 2M offset 1M",
            "munmap(src, 1p)",
            "[1] madvise(src+1p, 1p, MADV_GUARD_INSTALL)",
            "uffd-register(src, 2p, missing)",
            "mmap(src, 2p, rw, shared memfd m from 1p on) = C",
            "fork()",
            "mremap(src, 2p, 3p, MREMAP_MAYMOVE)",
        ]
    )
    assert moves["map"] == {"src": {"pages": "A{512}..", "align": "2M", "offset": "1M"}}
    assert moves["moves"][1:4] == [
        {"op": "madvise", "address": "src+1p", "size": "1p", "advice": "guard-install"},
        {"op": "uffd-register", "address": "src", "size": "2p", "mode": "missing"},
        {
            "op": "mmap",
            "address": "src",
            "size": "2p",
            "prot": "rw",
            "sharing": "shared",
            "kind": "memfd",
            "file": "m",
            "offset": "1p",
            "letter": "C",
        },
    ]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("mremap(src", "is no region, letter, call or condition"),
        ("mreamp(src, 1p)", "did you mean `mremap`?"),
        ("mremap(src)", "two to five arguments"),
        ("B: annon", "did you mean `anon`?"),
        ("B: uffd", "something is missing behind `uffd`"),
        ("munmap(src, 1p, 2p)", "no more than 2 arguments"),
        ("munmap(src)", "an address and a size"),
        ("\x1b[31m", "is no region, letter, call or condition"),
    ],
)
def test_what_cannot_be_read_is_said_with_a_hint(word: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=r"(?s).*") as caught:
        document(["src=A", word])
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "message"),
    [("src=A", "nothing is called"), ("mremap(src, 1p)", "no region is drawn"), ("{op: fork}", "no")],
)
def test_what_is_missing_is_said_with_a_hint(word: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=f"command line: error: {message}.*\n  hint: `"):
        document([word])


def test_what_a_file_writes_in_braces() -> None:
    made = document(
        [
            "src=A",
            "process: {rlimits: {memlock: 4p}}",
            "RLIMIT_AS: 9p more than in use",
            "process: {map_headroom: 3}",
            "{op: fork}",
            "mremap(src, 1p)",
        ]
    )
    assert made["process"] == {"rlimits": {"memlock": "4p", "as": "+9p"}, "map_headroom": 3}
    assert made["moves"][0] == {"op": "fork"}


@pytest.mark.parametrize("word", ["B: {kind: a, kind: b}", "process: {a: }}", "{op: *x}", "map_headroom: 3"])
def test_braces_that_cannot_be_read(word: str) -> None:
    with pytest.raises(ScenarioError, match=f"command line: error: `{re.escape(word)}`: "):
        document([word])
