"""The options that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from mremapcheck.cli.completion import further_references, references, scenario_names
from mremapcheck.report.base import FORMATS


def option(names: str, metavar: str, help: str, **how: Any) -> Any:
    """Return an option that takes a value, and whose default says nothing to a reader unless ``how`` shows it."""
    return typer.Option(*names.split(), metavar=metavar, help=help, **{"show_default": False, **how})


def kernel_option(help: str, name: str = "--kernel", metavar: str = "REF", **how: Any) -> Any:
    """Return an option that takes a kernel reference."""
    return option(name, metavar, help, autocompletion=references, **how)


def two(kernels: list[str] | None, done: str) -> tuple[str, str]:
    """Return the two kernels that a command takes; raises typer.BadParameter, which says what is ``done`` with them."""
    if not kernels or len(kernels) != 2:
        raise typer.BadParameter(f"two kernels are {done}, as in `--kernel 6.16 6.17`", param_hint="--kernel")
    return kernels[0], kernels[1]


class AnswerFormat(str, Enum):
    """How an answer looks."""

    TABLE = "table"
    JSON = "json"


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
        autocompletion=further_references,
        show_default=False,
        help="Scenario files, or folders of them. Without any: ./scenarios/, else the shipped ones.",
    ),
]


def known_format(name: str) -> str:
    """Return the name of a format; raises typer.BadParameter with the one that was probably meant."""
    if name in FORMATS:
        return name
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), FORMATS, n=1)
    meant = f"; did you mean `{close[0]}`?" if close else ""
    raise typer.BadParameter(f"`{name}` is none of {', '.join(FORMATS)}{meant}")


def outputs(given: list[str] | None) -> list[tuple[str, str]]:
    """Read each ``FORMAT:FILE``; raises typer.BadParameter where one is not, or two reports would go to one place."""
    found: list[tuple[str, str]] = []
    for text in given or []:
        name, colon, path = text.partition(":")
        if not colon or not path:
            raise typer.BadParameter(f"`{text}` is not FORMAT:FILE, as in `junit:report.xml`; - is standard output")
        if path in (other for _, other in found):
            raise typer.BadParameter(f"two reports cannot both go to {path}")
        found.append((known_format(name), path))
    return found


_FORMATS = "|".join(FORMATS)
ReportFormat = Annotated[
    str, typer.Option("--format", metavar=_FORMATS, callback=known_format, help="How the report looks.")
]
Outputs = Annotated[
    list[str] | None,
    option("--output -o", "FORMAT:FILE", "A report in a file as well. Repeatable."),
]
Listing = Annotated[ListFormat, typer.Option("--format", help="How the list looks.")]
Only = Annotated[
    list[str] | None,
    option(
        "--only",
        "PATTERN",
        "Only scenarios with such a name, as in 'uffd-*'.",
        autocompletion=scenario_names,
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
    option(
        "--timeout",
        "SECONDS",
        "Seconds for one scenario on a real kernel.",
        min=0.1,
        max=86_400,
        callback=_no_nan,
    ),
]
Colors = Annotated[Color, typer.Option("--color", help="NO_COLOR and FORCE_COLOR are honoured.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show more: every scenario, what it did, the model's steps.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show only what is wrong, or differs.")]
TABLE = next(iter(FORMATS))
