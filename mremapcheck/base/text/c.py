"""C: comments, strings and characters, for any compiler and dialect.

Two things make more of a text than it looks (C11, 5.1.1.2): trigraphs (``??/`` is a backslash), and lines that end in a
backslash, which are joined before comments are told from code. Neither survives here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mremapcheck.base.text import terminal

_TRIGRAPH = re.compile(r"\?\?(?=[=/'()!<>-])")


def string(text: str) -> str:
    """Return a string literal; what is not printable ASCII is written in octal, as UTF-8."""
    parts = (_in_literal(byte, '"') for byte in text.encode("utf-8", "replace"))
    return '"' + _TRIGRAPH.sub(r"?\\?", "".join(parts)) + '"'


def character(letter: str) -> str:
    """Return a character constant; raises ValueError for what is no single character of ASCII."""
    (byte,) = letter.encode("ascii")
    return f"'{_in_literal(byte, chr(39))}'"


def comment(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a comment that has these lines."""
    yield "/*"
    for line in lines:
        yield f" * {_in_comment(line)}".rstrip()
    yield " */"


def short_comment(text: str) -> str:
    """Return a comment that stands in a line with other things."""
    return f"/* {_in_comment(text)} */"


def _in_literal(byte: int, quotes: str) -> str:
    char = chr(byte)
    if char in (quotes, "\\"):
        return "\\" + char
    return char if 32 <= byte < 127 else f"\\{byte:03o}"


def _in_comment(text: str) -> str:
    """Return one line that neither ends the comment nor is joined with the next one."""
    # Indented drawings keep their spaces: only what ends a line is a space instead.
    text = terminal.lines(" ".join(text.splitlines())).replace("\t", " ")
    text = text.replace("??/", "? ?/").replace("*/", "* /").replace("/*", "/ *").rstrip()
    return text + "." if text.endswith("\\") else text
