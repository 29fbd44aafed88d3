"""``mremapcheck faults``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mremapcheck.cli.campaigning import CampaignFormat
from mremapcheck.cli.codes import of_counts
from mremapcheck.cli.listing import list_scenarios, print_document, print_lines
from mremapcheck.cli.options import AnswerFormat, Color, Colors, Jobs, ListOnly, Only, Paths, Timeout, kernel_option
from mremapcheck.cli.output import Stdout
from mremapcheck.cli.reporting import style_of
from mremapcheck.compare.allowed import Swept, held
from mremapcheck.executors.references import open_executors
from mremapcheck.executors.sweep import ROUNDS, sweep
from mremapcheck.outcome.possible import Losses
from mremapcheck.outcome.status import OF_RUN
from mremapcheck.report.faults import summary_lines, swept_lines
from mremapcheck.scenario.selection import select

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Executor
    from mremapcheck.scenario.document import Scenario


def faults(
    paths: Paths = None,
    kernel: Annotated[
        list[str] | None,
        kernel_option("A model, live, vm:PATH, via:COMMAND; two are compared.", "--kernel", "REF [REF]"),
    ] = None,
    against: Annotated[
        str | None,
        kernel_option("What this kernel shows, --kernel must allow.", "--against", "REF"),
    ] = None,
    output_format: CampaignFormat = AnswerFormat.TABLE,
    only: Only = None,
    list_only: ListOnly = False,
    jobs: Jobs = 1,
    timeout: Timeout = None,
    color: Colors = Color.AUTO,
) -> int:
    """Let memory run out in the middle of each move, allocation by allocation, and show all that it can come to.

    A model answers with what it allows. A real kernel needs fault injection (`mremapcheck help faults`).

    Exit codes: 0 nothing that is not allowed, or not expected, 1 something, or a complaint of the kernel, 2 usage or a
    scenario that does not load, 4 nothing was swept: the kernel has no fault injection.
    """
    scenarios = select(paths or [], only or [])
    if list_only:
        return list_scenarios(scenarios, output_format.value)
    references = [*(kernel or ["live"]), *([against] if against else [])]
    if len(references) > 2:
        raise typer.BadParameter(
            "two kernels at most: `--kernel A B` lays them side by side, `--kernel A --against B` holds B against A",
            param_hint="--kernel",
        )
    out = Stdout()
    style = style_of(color.value, out)
    counts = dict.fromkeys((name for name, status in OF_RUN.items() if not status.on_request), 0)
    results = []
    losses: tuple[Losses, ...] = ()
    interrupt: KeyboardInterrupt | None = None
    with open_executors(references, timeout=timeout, jobs=jobs) as executors:
        try:
            for swept in sweeps(executors, scenarios, against is not None):
                counts[swept.status] += 1
                if swept.ran:
                    losses = tuple(map(Losses.__or__, losses, swept.losses)) if losses else swept.losses
                if output_format is AnswerFormat.JSON:
                    results.append(swept.to_json())
                else:
                    print_lines(swept_lines(swept, references, style), out=out)
        except KeyboardInterrupt as error:
            interrupt = error  # what there is counts
        kernels = [executor.kernel.to_json() for executor in executors]
    if output_format is AnswerFormat.JSON:
        other = kernels[1] if len(kernels) > 1 else None
        head = {"kernel": kernels[0], "other": other, "oracle": against is not None}
        tail = {"trouble": str(interrupt) or "interrupted"} if interrupt else {}
        print_document("faults", {**head, "results": results, "summary": counts, **tail})
    else:
        print_lines(summary_lines(counts, losses, references), out=out)
        if interrupt:
            print_lines([f"ended early: {str(interrupt) or 'interrupted'}"], out=out)
    if interrupt:
        raise interrupt
    return of_counts(counts)


def sweeps(executors: Sequence[Executor], scenarios: Sequence[Scenario], oracle: bool) -> Iterator[Swept]:
    """Sweep the scenarios on one kernel or two; with ``oracle`` the first says what is allowed."""
    swept = [sweep(each, scenarios, 1 if each.kernel.executor == "model" else ROUNDS) for each in executors]
    versions = [each.kernel.version for each in executors]
    for scenario, *results in zip(scenarios, *swept, strict=True):
        first, *rest = results
        yield held(scenario, first, rest[0] if rest else None, versions, oracle)
