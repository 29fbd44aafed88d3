"""The options that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Format(str, Enum):
    """How a report looks."""

    TABLE = "table"
    JSON = "json"
    KTAP = "ktap"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class ListFormat(str, Enum):
    """How a list looks."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class Color(str, Enum):
    """When to use colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATHS",
        show_default=False,
        help="Scenario files, or folders of them. Without any: ./scenarios/, else the shipped ones.",
    ),
]
ReportFormat = Annotated[Format, typer.Option("--format", help="How the report looks.")]
Listing = Annotated[ListFormat, typer.Option("--format", help="How the list looks.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="PATTERN", show_default=False, help="Only scenarios with such a name, as in 'uffd-*'."
    ),
]
ListOnly = Annotated[bool, typer.Option("--list", help="Only say which scenarios would run.")]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first that is not as expected, or that differs.")
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Share the scenarios among processes.")]
Bisect = Annotated[
    bool, typer.Option("--bisect", help="Exit codes for `git bisect run`: 0 good, 1 bad, 125 cannot tell, 129 stop.")
]


def _no_nan(value: float | None) -> float | None:
    """Refuse the one number that is within no bounds and beyond none."""
    if value is not None and value != value:
        raise typer.BadParameter(f"{value} is not a number")
    return value


Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        min=0.1,
        max=86_400,
        metavar="SECONDS",
        callback=_no_nan,
        show_default=False,
        help="Seconds for one scenario on a real kernel.",
    ),
]
Colors = Annotated[Color, typer.Option("--color", help="NO_COLOR and FORCE_COLOR are honoured.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show more: the model's steps, scenarios that agree.")]
