"""``mremapcheck record``."""

from __future__ import annotations

import os
from mmap import PAGESIZE
from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.units import PAGE
from mremapcheck.cli.options import option
from mremapcheck.cli.scenario_folder import refuse_taken, stem
from mremapcheck.convert.strace.traced_command import TracedCommand

_STDERR = 2


def record(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")],
    out: Annotated[
        Path | None,
        option("--output -o", "DIR", "A file for each, instead of stdout."),
    ] = None,
    log: Annotated[Path | None, option("--log", "FILE", "Also keep strace's own log.")] = None,
) -> int:
    """Run a program under strace and turn each kind of mremap that it makes into a scenario.

    Afterwards the scenarios are run on the running kernel, to see whether they do what the program saw. The
    exit status is the program's; 4 where it was 0 and there is no scenario. Ctrl-C goes to the program.

    Without --output the scenarios are standard output, and the program's own goes to standard error.
    """
    if PAGESIZE != PAGE:
        raise MremapcheckError(
            f"logs are read with pages of {PAGE >> 10}K, and here they are of {PAGESIZE >> 10}K",
            "record where pages are of that size, or write the scenario: `mremapcheck init`",
        )
    name = Path(command[0]).name
    refuse_taken(out, (path.stem for path in out.glob(f"{stem(name)}-*.yaml")) if out else ())
    with os.fdopen(os.memfd_create(name), "rb") as file:  # one without a name is never left behind
        kept = log or Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        with TracedCommand(command, kept, _STDERR if out is None else None) as recording:
            # It takes as long as some programs run, so it is done meanwhile.
            from mremapcheck.cli.recording import finish

            return finish(recording, name, log, out)
