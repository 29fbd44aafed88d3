"""``mremapcheck export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.cli.files import put
from mremapcheck.cli.options import Only, Paths, option
from mremapcheck.convert.export.generate import reproducer_of
from mremapcheck.scenario.selection import select


def export(
    paths: Paths = None,
    c: Annotated[bool, typer.Option("--c", help="As a C program, which it is without this as well.")] = True,
    only: Only = None,
    out: Annotated[Path | None, option("--output -o", "FILE", "Instead of stdout.")] = None,
) -> int:
    """Write one scenario as a short C reproducer, as one would send it to a mailing list."""
    scenarios = select(paths or [], only or [])
    if len(scenarios) > 1:
        names = ", ".join(scenario.name for scenario in scenarios[:5]) + (" ..." if len(scenarios) > 5 else "")
        raise MremapcheckError(
            f"a reproducer shows one scenario, these are {len(scenarios)}: {names}",
            "name one with `--only NAME`, or put them all in one program with `mremapcheck pack`",
        )
    put(reproducer_of(scenarios[0]), out)
    return 0
