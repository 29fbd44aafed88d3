"""YAML: a document as a person would write it, short values in one line; text in quotes wherever it needs them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _|+.,'()/-]*(?<! )")
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_|+.-]*")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
_NUMBER = re.compile(r"[0-9][0-9_.e+-]*|0x[0-9a-fA-F]+|0[box][0-9a-fA-F_]*", re.IGNORECASE)
_ESCAPED = re.compile('[^\n\t -~\xa1-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|["\\\\\n\t\u2028\u2029]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WIDTH = 120


def document(data: Mapping[str, Any]) -> str:
    """Return a mapping with text as its keys as a YAML document; what is read back is equal."""
    return "".join(_top(key, value) for key, value in data.items())


def comment(text: str) -> Iterator[str]:
    """Yield the lines of a comment."""
    for line in text.splitlines() or [""]:
        yield f"# {_ESCAPED.sub(_in_comment, line)}".rstrip()


def flow(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is True or value is False:
        return str(value).lower()
    if value is None:
        return "null"
    return _scalar(value, _FLOW_PLAIN) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """Return text in double quotes."""
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _top(key: str, value: Any) -> str:
    name = _scalar(key, _FLOW_PLAIN)
    if isinstance(value, str):
        line = f"{name}: {_scalar(value, _PLAIN)}\n"
        if len(line) <= _WIDTH or not _PLAIN.fullmatch(value) or "  " in value:
            return line
        return f"{name}: >-\n" + textwrap.fill(value, 118, initial_indent="  ", subsequent_indent="  ") + "\n"
    if isinstance(value, Mapping) and value:
        return f"{name}:\n" + "".join(
            f"  {flow(inner)}: {quoted(item) if key == 'map' and isinstance(item, str) else flow(item)}\n"
            for inner, item in value.items()
        )
    if key == "expect" and value:
        return f"{name}:\n" + "".join(entry(item) for item in value)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return f"{name}:\n" + "".join(f"  - {flow(item)}\n" for item in value)
    return f"{name}: {flow(value)}\n"


def entry(item: Mapping[str, Any]) -> str:
    """Return an item of ``expect``, a line for each key."""
    lines = [f"{flow(key)}: {flow(value)}" for key, value in item.items()]
    return "  - " + "\n    ".join(lines) + "\n"


def _scalar(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text) is None or text.lower() in _WORDS or _NUMBER.fullmatch(text):
        return quoted(text)
    return text


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _NAMED.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _in_comment(found: re.Match[str]) -> str:
    char = found[0]
    return char if char in '"\\' else " " if char.isspace() else "?"
