"""The JSON Schemas of what the commands write, with every word that the program declares."""

from __future__ import annotations

from typing import Any

from mremapcheck.base.schema import NAMES as NAMES
from mremapcheck.base.schema import schema_of
from mremapcheck.compare.classes import CLASSES
from mremapcheck.outcome.schema import WORDS, one_of


def json_schema(name: str) -> dict[str, Any]:
    """Return the schema of a document in NAMES."""
    return schema_of(name, {**WORDS, "class": one_of({each.name: each.about for each in CLASSES.values()})})
