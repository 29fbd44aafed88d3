"""``mremapcheck init``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.paths import is_there
from mremapcheck.cli.files import put
from mremapcheck.scenario.schema import modeline


def init(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", show_default=False, help="Where to; standard output without it.")
    ] = None,
) -> int:
    """Give a commented scenario to start from: run it, change it, run it again."""
    if file is not None and str(file) != "-" and is_there(file):
        raise MremapcheckError(f"{file} is there already", "give another name")
    example = files("mremapcheck.scenario").joinpath("example.yaml").read_text(encoding="utf-8")
    put(f"{modeline()}\n{example}", file)
    return 0
