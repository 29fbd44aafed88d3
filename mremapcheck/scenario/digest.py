"""A short name for what a scenario does, to be sure that two results are about the same thing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any


def digest(*parts: object) -> str:
    """Return 16 hexadecimal digits that depend on what is run: plain data and dataclasses."""
    return hashlib.sha256(repr(_plain(parts)).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return sorted((name, _plain(item)) for name, item in value.items())
    if dataclasses.is_dataclass(value):
        compared = [_plain(told) for field in dataclasses.fields(value) for told in _told(value, field)]
        return [type(value).__name__, *compared]
    return value


def _told(value: Any, field: dataclasses.Field[Any]) -> tuple[Any, ...]:
    """Return what a field adds: one that came later says nothing where a scenario does not use it."""
    held = getattr(value, field.name)
    if not field.compare or (field.metadata.get("later") and held == field.default):
        return ()
    return ((field.name, held),) if field.metadata.get("later") else (held,)
