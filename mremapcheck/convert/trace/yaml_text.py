"""A document as the YAML that a person would write: short values in one line, the drawing as a picture."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _|+.,'()/-]*")
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_|+.-]*")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
_WIDTH = 120


def yaml_text(document: Mapping[str, Any]) -> str:
    """Return a scenario document as YAML; what is read back is equal."""
    return "".join(_top(key, value) for key, value in document.items())


def _top(key: str, value: Any) -> str:
    if isinstance(value, str):
        line = f"{key}: {_scalar(value, _PLAIN)}\n"
        if len(line) <= _WIDTH or not _PLAIN.fullmatch(value):
            return line
        return f"{key}: >-\n" + textwrap.fill(value, 118, initial_indent="  ", subsequent_indent="  ") + "\n"
    if isinstance(value, Mapping) and value:
        return f"{key}:\n" + "".join(
            f"  {_flow(name)}: {_quoted(item) if key == 'map' and isinstance(item, str) else _flow(item)}\n"
            for name, item in value.items()
        )
    if key == "expect":
        return f"{key}:\n" + "".join(_entry(item) for item in value)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return f"{key}:\n" + "".join(f"  - {_flow(item)}\n" for item in value)
    return f"{key}: {_flow(value)}\n"


def _entry(item: Mapping[str, Any]) -> str:
    lines = [f"{key}: {_flow(value)}" for key, value in item.items()]
    return "  - " + "\n    ".join(lines) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is True or value is False:
        return str(value).lower()
    return _scalar(value, _FLOW_PLAIN) if isinstance(value, str) else str(value)


def _scalar(text: str, plain: re.Pattern[str]) -> str:
    if not plain.fullmatch(text) or text.lower() in _WORDS or re.fullmatch(r"[0-9][0-9_.e+-]*|0x[0-9a-fA-F]+", text):
        return _quoted(text)
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
