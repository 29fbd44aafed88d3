"""``mremapcheck coverage``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.campaign.coverage import cover, coverage_lines
from mremapcheck.campaign.generator import FOR_MODELS, Generator
from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.options import Only, Paths, kernel_option
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import NEWEST
from mremapcheck.executors.references import is_model
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.selection import select


def coverage(
    paths: Paths = None,
    kernel: Annotated[
        str | None,
        kernel_option("The model to cover; without it, the newest.", show_default=True),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", min=0, metavar="N", help="How many random scenarios besides those of PATHS.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the random ones.")] = 1,
    only: Only = None,
) -> int:
    """Show which steps of a model scenarios reach, which errnos they see there, and what they never reach."""
    if kernel and not is_model(kernel):
        raise typer.BadParameter("only models have steps: give a version such as 6.17", param_hint="--kernel")
    scenarios = select(paths or [], only or [])
    generator = Generator(seed, costly=FOR_MODELS)
    scenarios += [parse_document(generator.document(number)) for number in range(count)]
    return print_lines(coverage_lines(cover(resolve(kernel or str(NEWEST)), scenarios), len(scenarios)))
