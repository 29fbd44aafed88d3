"""Colours, where they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mremapcheck.base.dataclass import dataclass
from mremapcheck.text import terminal

#: Which meaning a word of a report has.
_WORDS = {
    "pass": "good",
    "same": "good",
    "fail": "bad",
    "different": "bad",
    "error": "bad",
    "skip": "warn",
    "skipped": "warn",
}


class Stream(Protocol):
    """Something that may be a terminal."""

    def isatty(self) -> bool:
        """Tell whether it is one."""


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it alone; lengths are to be taken before."""

    colours: bool = False

    def paint(self, meaning: str, text: str) -> str:
        """Return ``text`` in the colour of good, bad, warn, strong or faint."""
        return terminal.paint(meaning, text) if self.colours else text

    def status(self, status: str, text: str) -> str:
        """Return ``text`` in the colour of a status."""
        return self.paint(_WORDS[status], text)


def wants_colours(choice: str, stream: Stream, environ: Mapping[str, str]) -> bool:
    """Decide: ``always`` and ``never`` do, then NO_COLOR, then FORCE_COLOR, then whether it is a capable terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"
