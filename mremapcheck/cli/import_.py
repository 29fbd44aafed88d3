"""``mremapcheck import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="What `strace -f -y -o LOG` wrote; - is stdin.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", show_default=False, help="A file for each, instead of stdout."),
    ] = None,
    kernel: Annotated[
        str | None,
        typer.Option(
            "--kernel", metavar="RELEASE", show_default=False, help="Where it was recorded: expect there what it shows."
        ),
    ] = None,
) -> int:
    """Turn strace logs into scenarios: one for each kind of mremap that a program makes, with what lay around it.

    Record with: strace -f -y -o LOG -e trace=mmap,munmap,mremap,mprotect,madvise,mlock,brk COMMAND
    """
    from mremapcheck.cli.traces import read_logs, write_scenarios
    from mremapcheck.kernels.version import KernelVersion

    version = KernelVersion.parse(kernel) if kernel else None
    source = ", ".join("standard input" if str(log) == "-" else log.name for log in logs)
    return write_scenarios(read_logs(logs), "-".join(log.stem for log in logs), source, out, version)
