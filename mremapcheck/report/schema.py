"""The JSON Schemas of what the commands write, from the files in ``schemas/``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

#: Documents that have a schema; ``common.json`` holds what they share.
NAMES = ("run", "compare", "matrix", "changes", "list", "lint")


def json_schema(name: str) -> dict[str, Any]:
    """Return the schema of a document in NAMES, with just the shared definitions that it uses."""
    document = _read(name)
    shared = _read("common")["$defs"]
    document["$defs"] = {key: shared[key] for key in sorted(_used(document, shared))}
    return document


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((files("mremapcheck.report") / "schemas" / f"{name}.json").read_text("utf-8"))
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
