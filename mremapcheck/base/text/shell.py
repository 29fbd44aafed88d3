"""Shells: the words of a command that somebody is told to type."""

from __future__ import annotations

import shlex
from pathlib import Path


def word(text: str | Path) -> str:
    """Return a file's name or a reference as one word, which is no option."""
    text = str(text)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
