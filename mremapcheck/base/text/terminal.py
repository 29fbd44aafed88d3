"""The terminal, and plain text in general: what a line may hold, and what goes out in the end.

``one_line`` and ``quote`` are for a stranger's words inside a line of ours; ``lines`` for words with lines of their
own. Whatever a command prints passes ``lines`` or ``painted`` once more on its way out.
"""

from __future__ import annotations

import re

#: Anything but printable ASCII and the two characters that shape text.
_SUSPECT = re.compile("[^\n\t -~]")
#: SGR codes by what they mean; no other command is ever sent to a terminal, but by the progress lines.
CODES = {"good": "32", "bad": "31;1", "warn": "33", "strong": "1", "faint": "2"}
RESET = "\x1b[0m"
_SUSPECT_OR_COLOUR = re.compile(rf"\x1b\[(?:0|{'|'.join(CODES.values())})m|[^\n\t -~]")


def lines(text: str) -> str:
    """Return text without anything that a terminal would take for a command; its lines stay lines."""
    return _SUSPECT.sub(_harmless, text)


def painted(text: str) -> str:
    """Return text as ``lines`` does, with the colours that it has."""
    return _SUSPECT_OR_COLOUR.sub(_harmless_or_colour, text)


def one_line(text: str) -> str:
    """Return text in one line, without anything that a terminal would take for a command."""
    return lines(" ".join(text.split()))


def counted(count: int, word: str) -> str:
    """Return ``1 scenario``, ``2 scenarios``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def quote(text: str, longest: int = 40) -> str:
    """Return text as a message shows it: short, on one line, between backticks."""
    return f"`{excerpt(text, longest)}`"


def excerpt(text: str, longest: int = 40) -> str:
    """Return the beginning of a text, as much as a message has room for, in one line."""
    short = text if len(text) <= longest else text[: longest - 3] + "..."
    return lines(re.sub(r"\s", " ", short))


def paint(meaning: str, text: str) -> str:
    """Return text in the colour of ``meaning``, one of CODES."""
    return f"\x1b[{CODES[meaning]}m{lines(text)}{RESET}" if text else text


def _harmless(found: re.Match[str]) -> str:
    char = found[0]
    if char.isprintable():
        return char
    return " " if char.isspace() else "?"


def _harmless_or_colour(found: re.Match[str]) -> str:
    return found[0] if len(found[0]) > 1 else _harmless(found)
