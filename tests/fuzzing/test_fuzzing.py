"""Every kind of hostile input, a few hundred times, from a fixed seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.fuzzing.kinds import KINDS, attempt
from tests.tools import tool

#: How many of each kind every checkout tries; one of ``c`` is fifty texts and a compiler.
_COUNTS = {
    "c": 4,
    "shell": 20,
    "recording": 60,
    "baseline": 40,
    "whole": 150,
    "reference": 80,
    "state": 60,
    "scenario": 400,
    "cache": 100,
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_taken_or_refused(kind: str, tmp_path: Path) -> None:
    if kind == "c":
        tool("cc")
    words: Counter[str] = Counter()
    for number in range(_COUNTS.get(kind, 300)):
        folder = tmp_path / str(number)
        folder.mkdir()
        ending = attempt(kind, "every checkout", number, folder)
        assert not ending.bug, f"python -m tests.fuzzing {kind} --seed 'every checkout' --first {number}: {ending.bug}"
        words[ending.word] += 1
    assert words.total() == sum(words.values()) and len(words) >= (1 if kind in _ONE_WORD else 2), words


#: Languages are read back, and that is all that can be said.
_ONE_WORD = frozenset(("c", "shell", "yaml", "xml", "html", "markdown", "ktap", "terminal"))
