"""All kinds of input by name, and one of them tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fuzzing import arguments, files, frames, languages


def _language(check: Callable[[Random], None]) -> Callable[[Random, Path], str]:
    def read_back(random: Random, folder: Path) -> str:
        check(random)
        return "read back"

    return read_back


LANGUAGES: dict[str, Callable[[Random], None]] = {
    "c": languages.c_many,
    "shell": languages.shell_many,
    "yaml": languages.yaml_text,
    "xml": languages.xml_text,
    "html": languages.html_text,
    "markdown": languages.markdown_text,
    "ktap": languages.ktap_text,
    "terminal": languages.terminal_text,
}
KINDS: dict[str, Callable[[Random, Path], str]] = {
    **files.KINDS,
    **arguments.KINDS,
    **frames.KINDS,
    **{name: _language(check) for name, check in LANGUAGES.items()},
}


class Ending(NamedTuple):
    """What an input ended in: a word or two, or (``bug``) what must not be; ``seconds`` of processor time."""

    word: str
    bug: str
    seconds: float


def attempt(kind: str, seed: str, number: int, folder: Path) -> Ending:
    """Try the input of this number."""
    random = Random(f"{seed} {kind} {number}")
    begun = time.process_time()
    try:
        word, bug = KINDS[kind](random, folder), ""
    except Exception as error:
        word, bug = "BUG", f"{type(error).__name__}: {error}"[:2000]
    return Ending(word, bug, time.process_time() - begun)
