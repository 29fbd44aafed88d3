"""``mremapcheck compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mremapcheck.base.text.terminal import counted
from mremapcheck.cli.bisecting import Decisive, TermNew, TermOld, say
from mremapcheck.cli.codes import of_comparison
from mremapcheck.cli.environment import tell
from mremapcheck.cli.listing import list_scenarios
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
    kernel_option,
    option,
    outputs,
    two,
)
from mremapcheck.cli.reporting import ReportOptions, report
from mremapcheck.compare.baseline import Baseline
from mremapcheck.compare.explain import compare_kernels
from mremapcheck.executors.references import open_executor
from mremapcheck.scenario.selection import select


def compare(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        kernel_option("Two kernels: live, models, vm:..., via:COMMAND, recorded:FILE.", "--kernel", "A B"),
    ] = None,
    output_format: ReportFormat = TABLE,
    output: Outputs = None,
    only: Only = None,
    list_only: ListOnly = False,
    fail_fast: FailFast = False,
    jobs: Jobs = 1,
    timeout: Timeout = None,
    bisect: Bisect = False,
    term_old: TermOld = "good",
    term_new: TermNew = "bad",
    baseline: Annotated[
        Path | None,
        option("--baseline", "FILE", "Differences accepted before; written where there is no such file yet."),
    ] = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    color: Colors = Color.AUTO,
) -> int:
    """Run scenarios on two kernels and show where they differ, why, and since when.

    Exit codes: 0 no difference (or only accepted ones), 1 differences, 2 usage or a scenario that does not load,
    4 nothing was compared.
    """
    if list_only:
        return list_scenarios(select(paths or [], only or []), output_format)
    references = two(kernel, "compared")
    files = outputs(output)
    accepted = Baseline(baseline) if baseline else None
    scenarios = select(paths or [], only or [])
    first, second = (open_executor(reference, timeout=timeout, jobs=jobs) for reference in references)
    with first, second:
        kernels = (first.kernel, second.kernel)
        decisive = Decisive()
        comparisons = compare_kernels((first, second), scenarios)
        comparisons = decisive.watch(accepted.hold(comparisons) if accepted else comparisons)
        wanted = ReportOptions(output_format, files, color, verbose - quiet)
        tally = report("compare", kernels, scenarios, comparisons, wanted, fail_fast)
        code = of_comparison(tally, bisect)
        if accepted and accepted.is_new and tally.trouble is None:
            tell(
                f"mremapcheck: {counted(accepted.write(), 'differing scenario')} accepted from now on, in {baseline}\n"
            )
        if bisect:
            say(code, second.kernel, decisive.told(tally), f"what {first.kernel.reference} does", term_old, term_new)
    return code
