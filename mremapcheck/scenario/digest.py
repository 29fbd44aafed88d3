"""A short name for what a scenario does, to be sure that two results are about the same thing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def digest(scenario: Scenario) -> str:
    """Return 16 hexadecimal digits that depend on what is carried out, and on nothing else.

    Regions, set-up, script and process count; the scenario's name, words, expectations and place in a file do not.
    """
    done = (scenario.regions, scenario.setup, scenario.script, scenario.process)
    return hashlib.sha256(repr(_plain(done)).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return sorted((name, _plain(item)) for name, item in value.items())
    if dataclasses.is_dataclass(value):
        compared = [_plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.compare]
        return [type(value).__name__, *compared]
    return value
