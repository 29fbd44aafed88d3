"""``mremapcheck record``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def record(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", show_default=False, help="A file for each, instead of stdout."),
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", show_default=False, help="Also keep strace's own log.")
    ] = None,
) -> int:
    """Run a program under strace and turn each kind of mremap that it makes into a scenario."""
    import os

    from mremapcheck.cli.traces import read_logs, write_scenarios
    from mremapcheck.convert.trace.record import record as run_strace
    from mremapcheck.kernels.version import KernelVersion

    name = Path(command[0]).name
    version = KernelVersion.parse(os.uname().release)
    if log is not None:
        run_strace(command, log)
        return write_scenarios(read_logs([log]), name, f"a run of {name}", out, version, traced=True)
    with os.fdopen(os.memfd_create(name), "rb") as kept:  # a file without a name is never left behind
        place = Path(f"/proc/{os.getpid()}/fd/{kept.fileno()}")
        run_strace(command, place)
        return write_scenarios(read_logs([place]), name, f"a run of {name}", out, version, traced=True)
