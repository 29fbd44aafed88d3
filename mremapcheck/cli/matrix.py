"""``mremapcheck matrix``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from mremapcheck.cli.options import (
    TABLE,
    Color,
    Colors,
    FailFast,
    Jobs,
    ListOnly,
    Only,
    Outputs,
    Paths,
    ReportFormat,
    Timeout,
    outputs,
)


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
    look: ReportFormat = TABLE,
    output: Outputs = None,
    only: Only = None,
    list_only: ListOnly = False,
    fail_fast: FailFast = False,
    jobs: Jobs = 1,
    timeout: Timeout = None,
    color: Colors = Color.AUTO,
) -> int:
    """Carry scenarios out on a row of kernels and show which ranges of them behave alike.

    Exit codes are those of `run`.
    """
    from mremapcheck.cli.codes import of_run
    from mremapcheck.cli.listing import list_scenarios
    from mremapcheck.cli.reporting import Wanted, report
    from mremapcheck.compare.matrix import default_kernels, rows
    from mremapcheck.executors.references import TIMEOUT, open_executor
    from mremapcheck.scenario.selection import select

    wanted = Wanted(look, outputs(output), color)
    references = kernel or default_kernels()
    if "vm:all" in references:
        from mremapcheck.executors.vm.images.known import expand

        references = expand(references)
    scenarios = select(paths or [], only or [])
    if list_only:
        return list_scenarios(scenarios, look)
    with ExitStack() as stack:
        executors = [
            stack.enter_context(open_executor(reference, timeout=timeout or TIMEOUT, jobs=jobs))
            for reference in references
        ]
        kernels = [executor.kernel for executor in executors]
        tally = report("matrix", kernels, scenarios, rows(executors, scenarios), wanted, fail_fast)
    return of_run(tally, bisect=False)
