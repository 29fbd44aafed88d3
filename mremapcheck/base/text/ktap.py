"""KTAP: descriptions, directives and diagnostics, each of which is one line or begins each of its lines with ``#``."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.base.text import terminal


def description(text: str) -> str:
    """Return text that may stand behind ``ok 1``: one line, without the ``#`` that begins a directive."""
    return terminal.one_line(text).replace("#", "_")


def directive(word: str, reason: str) -> str:
    """Return what follows a description: `` # SKIP no huge pages``."""
    return f" # {word} {terminal.one_line(reason)}".rstrip()


def diagnostics(text: str) -> Iterator[str]:
    """Yield the lines of a diagnostic."""
    for line in text.splitlines() or [""]:
        yield f"# {terminal.lines(line)}".rstrip()
