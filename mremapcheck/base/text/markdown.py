"""Markdown, as GitHub's tables and CommonMark's readers take it: text, cells of tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mremapcheck.base.text import terminal

#: Whatever may begin markup in the middle of a line: emphasis, code, links, tags, entities, bars of a table.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|&~$]")
#: What makes the beginning of a line a heading, a list, a quotation or the line below a heading.
_BEGINNING = re.compile(r"(?:[#+=-]|(?P<number>[0-9]{1,9})(?=[.)]))")
#: Addresses that a reader makes links of without being asked to.
_ADDRESS = re.compile(r"(?i)\b(?:https?:|ftp:|mailto:|xmpp:|www\.)|@")


def text(words: str) -> str:
    """Return words that mean themselves within a line or a cell of a table, of which they are not the beginning."""
    return _ADDRESS.sub(_no_address, _SPECIAL.sub(r"\\\g<0>", terminal.one_line(words)))


def paragraphs(words: str) -> str:
    """Return words that mean themselves, with the paragraphs that they have."""
    return "\n\n".join(filter(None, map(_paragraph, re.split(r"\n\s*\n", words))))


def row(cells: Iterable[str]) -> str:
    """Return a row of a table; its cells are Markdown already, without a line's end."""
    return f"| {' | '.join(cells)} |"


def cell_code(words: str) -> str:
    """Return words as code in a cell of a table."""
    words = terminal.one_line(words).replace("|", "\\|")
    if not words:
        return ""
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{words}{space}{fence}"


def block(lines: Iterable[str], language: str = "") -> list[str]:
    """Return the lines of a block of code that has these lines."""
    inside = terminal.lines("\n".join(lines)).split("\n")
    longest = max((len(run) for line in inside for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *inside, fence]


def link(words: str, address: str) -> str:
    """Return a link to a page of the web; of another address just the words."""
    if re.fullmatch(r"https?://[!#-;=?-Z_a-z~%]+", address) is None:
        return text(words)
    return f"[{text(words)}](<{address}>)" if re.search("[()]", address) else f"[{text(words)}]({address})"


def _paragraph(words: str) -> str:
    line = text(words)
    found = _BEGINNING.match(line)
    if found is None:
        return line
    at = found.end() if found["number"] else 0
    return f"{line[:at]}\\{line[at:]}"


def _no_address(found: re.Match[str]) -> str:
    address = found[0]
    return address[:-1] + "\\" + address[-1] if address[-1] in ":." else "\\" + address
