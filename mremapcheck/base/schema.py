"""The JSON Schemas of what the commands write, from the files in ``schemas/``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_SHARED = "common"
_FOLDER = files("mremapcheck.base") / "schemas"

#: Documents that have a schema; besides these there are ``cache/NAME``, of what is remembered below the cache folder.
NAMES = tuple(sorted({file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".json")} - {_SHARED}))


def json_schema(name: str) -> dict[str, Any]:
    """Return the schema of a document in NAMES, with just the shared definitions that it uses."""
    document = _read(name)
    shared = _read(_SHARED)["$defs"]
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
