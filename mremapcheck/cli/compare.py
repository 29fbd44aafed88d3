"""``mremapcheck compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.cli.options import Bisect, Color, Colors, Format, Only, Paths, ReportFormat, Timeout, Verbose


def compare(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel", metavar="A B", show_default=False, help="Two kernels: live, models, vm:..., recorded:FILE."
        ),
    ] = None,
    look: ReportFormat = Format.TABLE,
    only: Only = None,
    timeout: Timeout = None,
    bisect: Bisect = False,
    verbose: Verbose = False,
    color: Colors = Color.AUTO,
) -> int:
    """Carry scenarios out on two kernels and show where they differ, why, and since when.

    Exit codes: 0 no difference, 1 differences, 2 usage or a scenario that does not load, 4 nothing was compared.
    """
    from mremapcheck.cli.codes import of_comparison
    from mremapcheck.cli.reporting import report
    from mremapcheck.compare.explain import compare_kernels
    from mremapcheck.executors import TIMEOUT, open_executor
    from mremapcheck.selection import select

    if not kernel or len(kernel) != 2:
        raise typer.BadParameter("two kernels are compared, as in `--kernel 6.16 6.17`", param_hint="--kernel")
    scenarios = select(paths or [], only or [])
    first, second = (open_executor(reference, timeout=timeout or TIMEOUT) for reference in kernel)
    with first, second:
        kernels = (first.kernel, second.kernel)
        tally = report("compare", kernels, scenarios, compare_kernels((first, second), scenarios), look, color, verbose)
    return of_comparison(tally, bisect)
