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
    from tempfile import TemporaryDirectory

    from mremapcheck.cli.traces import read_logs, write_scenarios
    from mremapcheck.convert.trace.record import record as run_strace
    from mremapcheck.kernels.version import KernelVersion

    name = Path(command[0]).name
    version = KernelVersion.parse(os.uname().release)
    with TemporaryDirectory(prefix="mremapcheck-") as folder:
        kept = log or Path(folder, name)
        run_strace(command, kept)
        return write_scenarios(read_logs([kept]), name, f"a run of {name}", out, version, traced=True)
