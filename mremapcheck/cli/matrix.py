"""``mremapcheck matrix``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from mremapcheck.cli.codes import of_run
from mremapcheck.cli.listing import list_scenarios
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
    kernel_option,
    outputs,
)
from mremapcheck.cli.reporting import ReportOptions, report
from mremapcheck.compare.matrix import default_kernels, rows
from mremapcheck.executors.references import open_executors
from mremapcheck.executors.vm.images.known import expand
from mremapcheck.scenario.selection import select

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def matrix(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        kernel_option(
            "A kernel, repeatable; vm:all: every known image; via:COMMAND. Without: every release of the model.",
        ),
    ] = None,
    output_format: ReportFormat = TABLE,
    output: Outputs = None,
    only: Only = None,
    list_only: ListOnly = False,
    fail_fast: FailFast = False,
    jobs: Jobs = 1,
    timeout: Timeout = None,
    color: Colors = Color.AUTO,
) -> int:
    """Run scenarios on a row of kernels and show which ranges of them behave alike.

    Exit codes are those of `run`.
    """
    scenarios = select(paths or [], only or [])
    if list_only:
        return list_scenarios(scenarios, output_format)
    asked = MatrixRequest(kernel or default_kernels(), output_format, outputs(output), color, jobs, timeout)
    return ask(scenarios, asked, fail_fast)


class MatrixRequest(NamedTuple):
    """Which kernels are asked, how, and how the report looks."""

    references: Sequence[str]
    output_format: str
    outputs: Sequence[tuple[str, str]]
    color: Color
    jobs: int = 1
    timeout: float | None = None


def ask(scenarios: Sequence[Scenario], asked: MatrixRequest, fail_fast: bool = False) -> int:
    """Run the scenarios on every kernel and report; return the exit code."""
    wanted = ReportOptions(asked.output_format, asked.outputs, asked.color)
    references = list(asked.references)
    if "vm:all" in references:
        references = expand(references)
    with open_executors(references, timeout=asked.timeout, jobs=asked.jobs) as executors:
        kernels = [executor.kernel for executor in executors]
        tally = report("matrix", kernels, scenarios, rows(executors, scenarios), wanted, fail_fast)
    return of_run(tally, bisect=False)
