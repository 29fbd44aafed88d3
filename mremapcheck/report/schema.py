"""The JSON Schemas of what the commands write.

The shape of a document is in ``schemas/``; the words that it may hold (statuses, classes, verdicts) are those that the
program declares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from mremapcheck.compare.classes import CLASSES
from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN, Status
from mremapcheck.scenario.verdicts import VERDICTS

_SHARED = "common"
_FOLDER = files("mremapcheck.report") / "schemas"

#: Documents that have a schema.
NAMES = tuple(sorted({file.name.removesuffix(".json") for file in _FOLDER.iterdir()} - {_SHARED}))


def json_schema(name: str) -> dict[str, Any]:
    """Return the schema of a document in NAMES, with just the shared definitions that it uses."""
    document = _read(name)
    shared = {**_read(_SHARED)["$defs"], **_words()}
    document["$defs"] = {key: shared[key] for key in sorted(_used(document, shared))}
    return document


def _words() -> dict[str, Any]:
    """Return the definitions of everything that is one of a few words, each with what it means."""
    return {
        "verdict": {"enum": list(VERDICTS)},
        "class": _one_of({each.name: each.about for each in CLASSES.values()}),
        "status": _one_of({each.name: each.about for each in OF_RUN.values()}),
        "counts": _counts(OF_RUN),
        "comparison_status": _one_of({each.name: each.about for each in OF_COMPARISON.values()}),
        "comparison_counts": _counts(OF_COMPARISON),
    }


def _one_of(words: Mapping[str, str]) -> dict[str, Any]:
    meanings = "; ".join(f"{word}: {about}" for word, about in words.items())
    return {"description": meanings, "enum": list(words)}


def _counts(statuses: Mapping[str, Status]) -> dict[str, Any]:
    names = [name for name, status in statuses.items() if not status.on_request]
    return {
        "type": "object",
        "required": names,
        "properties": {name: {"type": "integer", "minimum": 0} for name in statuses},
    }


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
