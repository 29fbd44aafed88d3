"""The JSON Schemas of what the program writes and reads again: the shape of each document, from ``schemas/``.

The files say what JSON Schema says with less: ``"string|null"`` is a type, ``"#kernel"`` one of the shared definitions,
``[shape]`` an array of it. What has ``properties`` is an object, and requires all whose names do not end with ``?``.

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
    data: dict[str, Any] = _expanded(json.loads((_FOLDER / f"{name}.json").read_text("utf-8")))
    return data


def _expanded(shape: Any) -> Any:
    if isinstance(shape, str):
        name, _, null = shape.partition("|")
        if not name.startswith("#"):
            return {"type": shape.split("|") if null else shape}
        reference = {"$ref": f"#/$defs/{name[1:]}"}
        return {"anyOf": [reference, {"type": "null"}]} if null else reference
    if isinstance(shape, list):
        return {"type": "array", "items": _expanded(shape[0])}
    if not isinstance(shape, dict):
        return shape
    schema: dict[str, Any] = {}
    for key, value in shape.items():
        if key == "properties":
            required = shape.get("required", [name for name in value if not name.endswith("?")])
            schema |= {"type": "object", **({"required": required} if required else {})}
            schema[key] = {name.removesuffix("?"): _expanded(inner) for name, inner in value.items()}
        elif key == "$defs":
            schema[key] = {name: _expanded(inner) for name, inner in value.items()}
        elif key in ("anyOf", "oneOf", "prefixItems"):
            schema[key] = [_expanded(inner) for inner in value]
        elif key in ("items", "additionalProperties"):
            schema[key] = _expanded(value)
        else:
            schema[key] = value
    return schema


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
