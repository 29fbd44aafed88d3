"""``mremapcheck since``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mremapcheck.cli.campaigning import CampaignFormat
from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import AnswerFormat, Color, Colors, Only, kernel_option
from mremapcheck.cli.output import Stdout
from mremapcheck.cli.reporting import style_of
from mremapcheck.compare.timeline import timeline
from mremapcheck.executors.model.stops import stops
from mremapcheck.executors.references import open_executor
from mremapcheck.executors.vm.images.known import expand
from mremapcheck.report.timeline import timeline_lines
from mremapcheck.scenario.selection import select

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def since(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file.")],
    on: Annotated[
        list[str] | None,
        kernel_option("Measured too: live, vm:6.17.13, vm:all, via:COMMAND. Repeatable.", "--on", "REF"),
    ] = None,
    only: Only = None,
    output_format: CampaignFormat = AnswerFormat.TABLE,
    color: Colors = Color.AUTO,
) -> int:
    """Show what each scenario of a file does on every kernel since the oldest, and which change made each turn.

    Exit codes: 0 told, 2 usage or a file that does not load.
    """
    return tell(select([path], only or []), on or [], output_format, color)


def tell(scenarios: Sequence[Scenario], on: Sequence[str], output_format: CampaignFormat, color: Color) -> int:
    """Print the timeline of each scenario; return the exit code."""
    measured = expand(list(on))
    out = Stdout()
    style = style_of(color.value, out)
    told = []
    for scenario in scenarios:
        modelled = timeline(scenario, list(map(str, stops())), open_executor)
        real = timeline(scenario, measured, open_executor) if measured else []
        if output_format is AnswerFormat.JSON:
            told.append(
                {
                    "scenario": scenario.name,
                    "path": scenario.path,
                    "digest": scenario.digest,
                    "timeline": [era.to_json() for era in modelled],
                    "measured": [era.to_json() for era in real],
                }
            )
        else:
            print_lines(timeline_lines(scenario, modelled, real, style), out=out)
    return print_document("since", {"results": told}) if output_format is AnswerFormat.JSON else 0
