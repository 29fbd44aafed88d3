"""Read a JSON document that a program wrote, ours or another, and hold it to its schema before anybody uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from lzma import LZMAError
from pathlib import Path
from typing import Any, NoReturn

from mremapcheck.base.checking import Check, Wrong, compiled
from mremapcheck.base.errors import FileError
from mremapcheck.base.schema import schema_of
from mremapcheck.base.text_files import open_text

#: No document is larger, in characters and in values: those of 20,000 scenarios have 26 million and 1.4 million.
LARGEST = 32 << 20
MOST_VALUES = 2_000_000


def read_document(
    path: Path, schema: str, what: str, hint: str = "", words: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the document in a file; ``schema`` names its schema, and ``what`` says what it should be.

    ``words`` are what the schema takes from other packages (see ``schema_of``).
    Raises FileError where it is something else, OSError where it cannot be read.
    """

    def refuse(why: object) -> NoReturn:
        raise FileError(str(path), f"this is not {what}: {why}", hint) from None

    try:
        with open_text(path, "r") as file:
            text = file.read(LARGEST + 1)
    except (LZMAError, EOFError, UnicodeDecodeError) as error:
        refuse(error)
    if len(text) > LARGEST or text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:
        refuse("it is too large")
    try:
        document: dict[str, Any] = json.loads(text, parse_constant=refuse)
        _check(schema, words)(document)
    except RecursionError:
        refuse("it is nested too deeply")
    except (ValueError, Wrong) as error:
        refuse(error)
    return document


_checks: dict[str, Check] = {}


def _check(schema: str, words: Mapping[str, Any] | None) -> Check:
    if schema not in _checks:
        _checks[schema] = compiled(schema_of(schema, words))
    return _checks[schema]
