"""The format as JSON Schema, for editors: made from the same declarations that the parser uses.

``python -m mremapcheck.scenario.schema`` writes it to the file that the modeline of scenario files names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mremapcheck.scenario.format import DOCUMENT

FILE = Path(__file__).with_name("scenario.schema.json")


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


def as_file() -> str:
    """Return what the file holds."""
    return json.dumps(json_schema(), indent=1) + "\n"


def modeline() -> str:
    """Return the first line of a scenario file that gives an editor the schema of this installation."""
    return f"# yaml-language-server: $schema={FILE}"
