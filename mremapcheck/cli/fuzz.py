"""``mremapcheck fuzz``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.campaign.campaign import SHARD_SIZE, Campaign
from mremapcheck.campaign.generator import FEATURES
from mremapcheck.campaign.source import Random
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
from mremapcheck.cli.options import AnswerFormat, kernel_option, option
from mremapcheck.compare.pair import Pair
from mremapcheck.compare.swept_pair import SweptPair
from mremapcheck.executors.references import is_model

#: Scenarios in one shard of a campaign of sweeps, each of which takes dozens of runs.
_SWEPT_SHARD_SIZE = 32


def fuzz(
    kernel: Annotated[
        str,
        kernel_option("A model such as 6.18, live, vm:6.17.13, via:COMMAND.", show_default=True),
    ],
    against: Against = "live",
    count: Annotated[int, typer.Option("--count", min=1, metavar="N", help="How many scenarios.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Other seeds give other scenarios.")] = 1,
    time: Time = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    resume: Resume = False,
    without: Annotated[
        list[str] | None,
        option("--without", "FEATURE", "Draw nothing that needs mseal, uffd..."),
    ] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let memory run out in each move: --kernel says what is allowed.")
    ] = False,
    tries: Tries = 500,
    output_format: CampaignFormat = AnswerFormat.TABLE,
) -> int:
    """Make random scenarios, run them on two kernels, and shrink and group the mismatches.

    One that a cause found before explains is only counted. The same seed gives the same scenarios and the same report,
    whatever the number of jobs.

    With --faults each move is swept as `mremapcheck faults` does it. A mismatch is an outcome that --against shows and
    --kernel does not allow, or a complaint of the kernel.

    Exit codes: 0 no mismatch, 1 mismatches, 2 usage, 4 nothing was compared.
    """
    unknown = set(without or ()) - FEATURES
    if unknown:
        known = ", ".join(sorted(FEATURES))
        raise typer.BadParameter(f"`{unknown.pop()}` is none of {known}", param_hint="--without")
    source = Random(seed, FEATURES - set(without or ()), is_model(kernel) and is_model(against))
    pair = SweptPair if faults else Pair
    plan = Campaign(
        kernel, against, source, count, tries, shard_size=_SWEPT_SHARD_SIZE if faults else SHARD_SIZE, pair=pair
    )
    return report_campaign(plan, output_format, jobs=jobs, cluster=cluster, time=time, out=out, resume=resume)
