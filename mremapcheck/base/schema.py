"""The JSON Schemas of what the program writes and reads again: the shape of each document, from ``schemas/``.

The words that a document may hold (verdicts, statuses, classes) are declared by the packages that know them, and are
given to ``schema_of`` as definitions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

_SHARED = "common"
_FOLDER = files("mremapcheck.base") / "schemas"

#: Documents that have a schema; besides these there are ``cache/NAME``, of what is remembered below the cache folder.
NAMES = tuple(sorted({file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".json")} - {_SHARED}))


def schema_of(name: str, words: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of a document, with just the shared definitions that it uses; ``words`` are more of them."""
    document = _read(name)
    shared = {**_read(_SHARED)["$defs"], **(words or {})}
    document["$defs"] = {key: shared[key] for key in sorted(_used(document, shared))}
    return document


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return data


def _used(document: dict[str, Any], shared: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    pending = [document]
    while pending:
        text = json.dumps(pending.pop())
        for key in shared.keys() - found:
            if f'"#/$defs/{key}"' in text:
                found.add(key)
                pending.append(shared[key])
    return found
