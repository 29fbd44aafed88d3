"""Text that YAML readers take for something else, because it is not in quotes: ``0xfffeB``, ``6.10``, ``on``.

This program reads what was written. An editor that holds the schema against the file, and every other reader, sees a
number, a date or true there, so the two would not agree on the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from mremapcheck.base.errors import Problem
from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.plain import own_value

_RESOLVER: Any = yaml.SafeLoader("")
_NAMES = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date", "null": "nothing"}
#: Keys whose values the format takes as numbers as well.
_NUMBERS = ("old_address", "new_address", "flags")


def unquoted(text: str, path: str) -> Iterator[Problem]:
    """Yield a warning for each such place of a YAML file; what is no YAML is not looked at."""
    key = ""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not isinstance(event, yaml.ScalarEvent):
                continue
            value, before, key = event.value, key, event.value
            if not event.implicit[0] or event.tag is not None or not isinstance(own_value(value), str):
                continue
            kind = str(_RESOLVER.resolve(yaml.ScalarNode, value, event.implicit)).rpartition(":")[2]
            mark = event.start_mark
            if kind != "str" and mark is not None and not (kind == "int" and before in _NUMBERS):
                message = f"{quote(value)} is no text to YAML, but {_NAMES.get(kind, kind)}"
                hint = f'put it in quotes: "{value[:40]}"'
                yield Problem(path, mark.line + 1, mark.column + 1, message, hint, level="warning")
    except yaml.YAMLError:
        return
