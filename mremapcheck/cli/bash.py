"""Completion in bash, which takes ``vm:6.12@arm64`` for five words: it breaks them at ``:``, ``@`` and ``=`` as well.

Typer is given the words as they were typed, and bash only the part of its last word that bash replaces.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout

#: Of what bash breaks words at (COMP_WORDBREAKS), the characters that stand in words of ours.
_BREAKS = re.compile("[@:=]+")


@contextmanager
def whole_words() -> Iterator[None]:
    """Let a completion within, which typer prints, be of whole words; of the first one where bash says no other."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    number = os.environ.get("COMP_CWORD", "")
    current = int(number) if re.fullmatch("[0-9]{1,9}", number) else 0
    typed = _joined(words[: current + 1])
    broken = len(typed) <= current < len(words)
    if broken:
        words, current = typed, len(typed) - 1
    os.environ |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(current)}
    offered = io.StringIO()
    try:
        with redirect_stdout(offered):
            yield
    finally:
        there = _before_the_last_break(typed[-1]) if broken else ""
        sys.stdout.write("".join(f"{line.removeprefix(there)}\n" for line in offered.getvalue().splitlines()))


def _joined(words: Sequence[str]) -> list[str]:
    """Put together what bash has broken: a break belongs to the words on both sides of it."""
    typed: list[str] = []
    after_break = False
    for word in words:
        is_break = bool(_BREAKS.fullmatch(word))
        if typed and (is_break or after_break):
            typed[-1] += word
        else:
            typed.append(word)
        after_break = is_break
    return typed


def _before_the_last_break(word: str) -> str:
    """Return how the value begins that bash keeps; an option and its ``=`` are no part of what typer offers.

    A break is kept but for ``@``, which readline replaces together with what follows it (rl_special_prefixes).
    """
    value = word.partition("=")[2] if word.startswith("-") else word
    return value[: max(value.rfind("@"), value.rfind(":") + 1)]
