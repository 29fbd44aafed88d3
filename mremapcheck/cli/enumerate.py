"""``mremapcheck enumerate``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.campaign.bounds_text import bounds_text, parse_bounds
from mremapcheck.campaign.campaign import Campaign
from mremapcheck.campaign.source import Enumerated
from mremapcheck.cli.campaigning import (
    Against,
    CampaignFormat,
    Cluster,
    Jobs,
    Out,
    Resume,
    Time,
    Tries,
    report_campaign,
)
from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.options import AnswerFormat, kernel_option, option


def enumerate(
    bound: Annotated[
        list[str] | None,
        option(
            "--bound",
            "BOUNDS",
            "mappings=3,pages=1,gap=1,beyond=1,kinds=anon+memfd,flags=all,resize=0+-1+1,destination=free,moves=2",
        ),
    ] = None,
    kernel: Annotated[
        str | None,
        kernel_option("A model, live, vm:6.17.13, via:COMMAND."),
    ] = None,
    against: Against = "live",
    count_only: Annotated[bool, typer.Option("--count-only", help="Only say how many scenarios there are.")] = False,
    time: Time = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    resume: Resume = False,
    tries: Tries = 500,
    output_format: CampaignFormat = AnswerFormat.TABLE,
) -> int:
    """Run every scenario within bounds on two kernels, counted first, and report as `fuzz` does.

    Exit codes: 0 no mismatch, 1 mismatches, 2 usage, 4 nothing was compared.
    """
    bounds = parse_bounds(bound or [])
    if count_only or output_format is AnswerFormat.TABLE:
        print_lines([f"{bounds.count():,} scenarios within {bounds_text(bounds)}"])
    if count_only:
        return 0
    if kernel is None:
        raise typer.BadParameter("which kernel? Such as `--kernel 6.18 --against live`", param_hint="--kernel")
    plan = Campaign(kernel, against, Enumerated(bounds), bounds.count(), tries)
    return report_campaign(plan, output_format, jobs=jobs, cluster=cluster, time=time, out=out, resume=resume)
