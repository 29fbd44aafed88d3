"""``mremapcheck run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mremapcheck.cli.bisecting import Decisive, TermNew, TermOld, say
from mremapcheck.cli.codes import of_run
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
)
from mremapcheck.cli.reporting import ReportOptions, report
from mremapcheck.executors.judge import judge_all
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.selection import select


def run(
    paths: Paths = None,
    kernel: Annotated[
        str,
        kernel_option("live, a model such as 6.17-rc2, vm:6.17.13 or via:COMMAND.", show_default=True),
    ] = "live",
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
    expect_as: Annotated[
        str | None,
        option("--expect-as", "VERSION", "Expect what is expected of this version."),
    ] = None,
    record: Annotated[
        Path | None,
        option("--record", "FILE", "Keep the outcomes for `recorded:FILE`."),
    ] = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    color: Colors = Color.AUTO,
) -> int:
    """Run scenarios on one kernel and say whether it did what is expected of it.

    Exit codes: 0 all as expected, 1 something was not, 2 usage or a scenario that does not load, 4 nothing ran.
    """
    files = [*outputs(output), *([("json", str(record))] if record else [])]
    version = KernelVersion.parse(expect_as) if expect_as else None
    if list_only:
        return list_scenarios(select(paths or [], only or []), output_format)
    with open_executor(kernel, timeout=timeout, trace=verbose, jobs=jobs) as executor:
        scenarios = select(paths or [], only or [])  # while a real kernel's worker starts
        decisive = Decisive()
        results = decisive.watch(judge_all(executor, scenarios, version))
        wanted = ReportOptions(output_format, files, color, verbose - quiet)
        tally = report("run", [executor.kernel], scenarios, results, wanted, fail_fast)
        code = of_run(tally, bisect)
        if bisect:
            against = f"what is expected of {version or executor.kernel.version}"
            say(code, executor.kernel, decisive.told(tally), against, term_old, term_new)
    return code
