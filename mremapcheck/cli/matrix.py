"""``mremapcheck matrix``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from mremapcheck.cli.options import Color, Colors, Format, Only, Paths, ReportFormat, Timeout


def matrix(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            metavar="REF",
            show_default=False,
            help="A kernel, repeatable; vm:all: every known image. Without: every release of the model.",
        ),
    ] = None,
    look: ReportFormat = Format.TABLE,
    only: Only = None,
    timeout: Timeout = None,
    color: Colors = Color.AUTO,
) -> int:
    """Carry scenarios out on a row of kernels and show which ranges of them behave alike.

    Exit codes are those of `run`.
    """
    from mremapcheck.cli.codes import of_run
    from mremapcheck.cli.reporting import report
    from mremapcheck.compare.matrix import default_kernels, rows
    from mremapcheck.executors import TIMEOUT, open_executor
    from mremapcheck.selection import select

    references = kernel or default_kernels()
    if "vm:all" in references:
        from mremapcheck.images.known import expand

        references = expand(references)
    scenarios = select(paths or [], only or [])
    with ExitStack() as stack:
        executors = [
            stack.enter_context(open_executor(reference, timeout=timeout or TIMEOUT)) for reference in references
        ]
        kernels = [executor.kernel for executor in executors]
        tally = report("matrix", kernels, scenarios, rows(executors, scenarios), look, color)
    return of_run(tally, bisect=False)
