"""The words of outcomes as definitions of JSON Schema: verdicts and statuses, each with what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN, Status
from mremapcheck.scenario.verdicts import VERDICTS


def one_of(words: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a few words, by what each means."""
    meanings = "; ".join(f"{word}: {about}" for word, about in words.items())
    return {"description": meanings, "enum": list(words)}


def _counts(statuses: Mapping[str, Status]) -> dict[str, Any]:
    names = [name for name, status in statuses.items() if not (status.on_request or status.is_new)]
    return {
        "type": "object",
        "required": names,
        "properties": {name: {"type": "integer", "minimum": 0} for name in statuses},
    }


WORDS: Mapping[str, Any] = {
    "verdict": {"enum": list(VERDICTS)},
    "status": one_of({each.name: each.about for each in OF_RUN.values()}),
    "counts": _counts(OF_RUN),
    "comparison_status": one_of({each.name: each.about for each in OF_COMPARISON.values()}),
    "comparison_counts": _counts(OF_COMPARISON),
}
