"""What ``fuzz``, ``enumerate`` and ``distinguish`` have in common: options, and a campaign from start to report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from mremapcheck.campaign.campaign import run
from mremapcheck.campaign.pool import pool, processors
from mremapcheck.campaign.progress import Progress
from mremapcheck.campaign.report import group_lines, report_json, summary_lines
from mremapcheck.campaign.state import Folder
from mremapcheck.cli.codes import BAD, GOOD, NOTHING_RAN
from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.options import AnswerFormat, kernel_option, option
from mremapcheck.cli.output import Stdout

if TYPE_CHECKING:
    from mremapcheck.campaign.campaign import Campaign, Totals


CampaignFormat = Annotated[
    AnswerFormat, typer.Option("--format", help="As it goes along for people, or JSON at the end.")
]
Against = Annotated[
    str,
    kernel_option("The kernel to compare with: any reference as well.", "--against", show_default=True),
]
Jobs = Annotated[
    int | None,
    option("--jobs", "N", "Worker processes; one for each processor.", min=1),
]
Cluster = Annotated[
    str | None,
    option("--cluster", "ADDRESS", "A dask scheduler: tcp://host:8786."),
]
Time = Annotated[str | None, option("--time", "TIME", "Begin nothing after 90s, 10m, 2h.")]
Out = Annotated[
    Path | None,
    option("--out", "DIR", "Write each mismatch there, as a scenario file."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the campaign in --out.")]
Tries = Annotated[int, typer.Option("--tries", min=0, metavar="N", help="How often a shrinking scenario may be run.")]

_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds(text: str | None) -> float | None:
    """Read a time; raises typer.BadParameter."""
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"`{text}` is not a time; 90s, 10m and 2h are", param_hint="--time")
    return float(found[1]) * _SECONDS[found[2]]


class CampaignResult(NamedTuple):
    """What a campaign came to, the kernels for a report, and the interrupt that ended it, if one did."""

    tally: Totals
    kernels: dict[str, Any]
    interrupt: KeyboardInterrupt | None = None

    @property
    def trouble(self) -> str | None:
        """Why there is not all of it."""
        return None if self.interrupt is None else str(self.interrupt) or "interrupted"

    def end(self) -> None:
        """Raise the interrupt, when everything has been told."""
        if self.interrupt is not None:
            raise self.interrupt


def run_campaign(
    plan: Campaign,
    *,
    jobs: int | None,
    cluster: str | None = None,
    time: str | None = None,
    out: Path | None = None,
    resume: bool = False,
    quiet: bool = False,
) -> CampaignResult:
    """Run a campaign: groups to standard output as they are found (unless ``quiet``), progress to standard error.

    What was done is kept in ``out`` even where it ends early; an interrupt is part of what is returned.
    """
    limit = seconds(time)
    interrupt = None
    with pool(jobs or processors(), cluster) as (executor, workers):
        kernels = executor.submit(_kernels, plan).result()
        folder = Folder(out, plan)
        tally = folder.start(resume)
        progress = Progress(tally, plan.count)
        stdout = Stdout()
        try:
            progress.show(tally)
            for groups in run(plan, executor, workers, tally, limit):
                folder.found(groups)
                folder.save(tally)
                if groups and not quiet:
                    for group in groups:
                        stdout.write("\n".join(group_lines(group, (plan.a, plan.b))) + "\n")
                    stdout.flush()
                progress.show(tally)
        except KeyboardInterrupt as error:
            interrupt = error
        finally:
            progress.clear()
            folder.found(list(tally.groups))  # with their final numbers
            folder.save(tally, now=True)
    return CampaignResult(tally, kernels, interrupt)


def _kernels(plan: Campaign) -> dict[str, Any]:
    """Open both kernels for a moment: a mistake in a reference shows here, and not in a worker."""
    with plan.opener(plan.a) as a, plan.opener(plan.b) as b:
        return {"a": a.kernel.to_json(), "b": b.kernel.to_json()}


def report_campaign(
    plan: Campaign,
    output_format: AnswerFormat,
    *,
    jobs: int | None,
    cluster: str | None,
    time: str | None,
    out: Path | None,
    resume: bool,
) -> int:
    """Run a campaign, report it, and return the exit code: 0 no mismatch, 1 some, 4 nothing was compared."""
    quiet = output_format is AnswerFormat.JSON
    done = run_campaign(plan, jobs=jobs, cluster=cluster, time=time, out=out, resume=resume, quiet=quiet)
    tally = done.tally
    if output_format is AnswerFormat.JSON:
        print_lines([report_json(plan, tally, done.kernels, done.trouble)])
    else:
        print_lines(summary_lines(plan, tally, done.trouble))
    done.end()
    if tally.different:
        return BAD
    return GOOD if tally.compared else NOTHING_RAN
