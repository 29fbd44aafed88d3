"""How a report for people looks: its colours, how much it says, how wide it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text import terminal
from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN

#: What a mail can carry.
WIDTH = 78

#: Which meaning the statuses have.
_OF_HARNESS = {"pass": "good", "fail": "bad", "error": "bad", "skip": "warn"}
_OF_STATUS = {name: _OF_HARNESS[each.harness] for name, each in (*OF_RUN.items(), *OF_COMPARISON.items())}


class Stream(Protocol):
    """Something that may be a terminal."""

    def isatty(self) -> bool:
        """Tell whether it is one."""


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it alone; lengths are to be taken before.

    ``detail``: -1 says only what is wrong, 0 what somebody wants to know, 1 everything. ``width`` is how many
    characters a line of drawings and prose has; ``terminal``: it is one, and what is there to be skimmed is cut.
    """

    colours: bool = False
    detail: int = 0
    width: int = WIDTH
    terminal: bool = False

    def paint(self, meaning: str, text: str) -> str:
        """Return ``text`` in the colour of good, bad, warn, strong or faint."""
        return terminal.paint(meaning, text) if self.colours else text

    def status(self, status: str, text: str) -> str:
        """Return ``text`` in the colour of a status."""
        return self.paint(_OF_STATUS[status], text)

    def drawing(self, lines: list[str]) -> list[str]:
        """Return a block with its rows that differ, those with ``!``, in the colour of what is bad."""
        return [self.paint("bad", line) if line.lstrip().startswith("! ") else line for line in lines]


def wants_colours(choice: str, stream: Stream, environ: Mapping[str, str]) -> bool:
    """Decide: ``always`` and ``never`` do, then NO_COLOR, then FORCE_COLOR, then whether it is a capable terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"
