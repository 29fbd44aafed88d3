"""What the command line asks for, read before anything parses it: errors are answered in its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Request(NamedTuple):
    """What has to be known of the command line even where it cannot be parsed."""

    command: str
    #: Whose report it writes: `try` answers as `since` does, with --kernel as `matrix` does.
    report: str
    json: bool
    bisect: bool

    @classmethod
    def read(cls, args: Sequence[str]) -> Request:
        """Look for it in plain sight."""
        formats = [word.partition("=")[2] for word in args if word.startswith("--format=")]
        formats += [after for word, after in pairwise(args) if word == "--format"]
        command = next((word for word in args if not word.startswith("-")), "")
        asked = any(word.partition("=")[0] == "--kernel" for word in args)
        report = command if command != "try" else "matrix" if asked else "since"
        return cls(command, report, "json" in formats, "--bisect" in args)
