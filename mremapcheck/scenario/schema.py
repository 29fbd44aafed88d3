"""The format as JSON Schema, for editors: made from the same declarations that the parser uses."""

from __future__ import annotations

from typing import Any

from mremapcheck.scenario.format import DOCUMENT


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one scenario document.

    It says all that can be said of values one by one. What goes together (which letters are drawn, which regions there
    are, what a kind allows) only the loader knows.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mremapcheck scenario",
        **DOCUMENT.schema(),
    }
