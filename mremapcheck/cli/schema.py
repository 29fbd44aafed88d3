"""``mremapcheck schema``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mremapcheck.cli.completion import schema_names
from mremapcheck.cli.listing import print_lines
from mremapcheck.report.schema import NAMES, json_schema
from mremapcheck.scenario.schema import json_schema as scenario_schema


def schema(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=schema_names,
            metavar="NAME",
            help="scenario, or a document: run, compare, matrix, changes ...",
        ),
    ] = "scenario",
) -> int:
    """Print the JSON Schema of scenario files, or of what a command writes with --format json."""
    if name == "scenario":
        document = scenario_schema()
    elif name in NAMES:
        document = json_schema(name)
    else:
        raise typer.BadParameter(f"there is no schema `{name}`, only {', '.join(['scenario', *NAMES])}")
    return print_lines([json.dumps(document, indent=2)])
