"""``mremapcheck compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.cli.options import (
    TABLE,
    Bisect,
    Color,
    Colors,
    FailFast,
    Jobs,
    ListOnly,
    Only,
    Outputs,
    Paths,
    Quiet,
    ReportFormat,
    Timeout,
    Verbose,
    outputs,
)


def compare(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel", metavar="A B", show_default=False, help="Two kernels: live, models, vm:..., recorded:FILE."
        ),
    ] = None,
    look: ReportFormat = TABLE,
    output: Outputs = None,
    only: Only = None,
    list_only: ListOnly = False,
    fail_fast: FailFast = False,
    jobs: Jobs = 1,
    timeout: Timeout = None,
    bisect: Bisect = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    color: Colors = Color.AUTO,
) -> int:
    """Carry scenarios out on two kernels and show where they differ, why, and since when.

    Exit codes: 0 no difference, 1 differences, 2 usage or a scenario that does not load, 4 nothing was compared.
    """
    from mremapcheck.cli.codes import of_comparison
    from mremapcheck.cli.listing import list_scenarios
    from mremapcheck.cli.reporting import Wanted, report
    from mremapcheck.compare.explain import compare_kernels
    from mremapcheck.executors.references import TIMEOUT, open_executor
    from mremapcheck.scenario.selection import select

    if list_only:
        return list_scenarios(select(paths or [], only or []), look)
    if not kernel or len(kernel) != 2:
        raise typer.BadParameter("two kernels are compared, as in `--kernel 6.16 6.17`", param_hint="--kernel")
    files = outputs(output)
    scenarios = select(paths or [], only or [])
    first, second = (open_executor(reference, timeout=timeout or TIMEOUT, jobs=jobs) for reference in kernel)
    with first, second:
        kernels = (first.kernel, second.kernel)
        comparisons = compare_kernels((first, second), scenarios)
        wanted = Wanted(look, files, color, verbose - quiet)
        tally = report("compare", kernels, scenarios, comparisons, wanted, fail_fast)
    return of_comparison(tally, bisect)
