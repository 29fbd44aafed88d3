"""``mremapcheck schema``."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="scenario, or a document: run, compare, matrix, changes ...")
    ] = "scenario",
) -> int:
    """Print the JSON Schema of scenario files, or of what a command writes with --format json."""
    import json

    from mremapcheck.cli.listing import print_lines
    from mremapcheck.report.schema import NAMES, json_schema

    if name == "scenario":
        from mremapcheck.scenario.schema import json_schema as scenario_schema

        document = scenario_schema()
    elif name in NAMES:
        document = json_schema(name)
    else:
        raise typer.BadParameter(f"there is no schema `{name}`, only {', '.join(['scenario', *NAMES])}")
    return print_lines([json.dumps(document, indent=2)])
