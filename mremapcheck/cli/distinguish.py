"""``mremapcheck distinguish``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.base.text.terminal import counted
from mremapcheck.campaign.distinguish import plan as plan_for
from mremapcheck.campaign.distinguish import refined, refinement, select
from mremapcheck.campaign.report import group_lines
from mremapcheck.campaign.state import reporting_failures
from mremapcheck.campaign.write import write
from mremapcheck.cli.campaigning import CampaignFormat, Jobs, Out, Time, run_campaign
from mremapcheck.cli.codes import BAD, GOOD, NOTHING_RAN
from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import AnswerFormat, kernel_option, two


def distinguish(
    kernel: Annotated[
        list[str] | None,
        kernel_option("The two kernels.", "--kernel", "A B"),
    ] = None,
    more: Annotated[
        int, typer.Option("--count", min=0, metavar="N", help="How many random scenarios after the enumerated ones.")
    ] = 5_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the random ones.")] = 1,
    time: Time = None,
    jobs: Jobs = None,
    out: Out = None,
    output_format: CampaignFormat = AnswerFormat.TABLE,
) -> int:
    """Find the smallest scenarios that tell two kernels apart: one for each class of difference and its cause.

    Exit codes: 0 nothing tells them apart, 1 something does, 2 usage, 4 nothing was compared.
    """
    a, b = two(kernel, "told apart")
    if out is not None:
        with reporting_failures(out):  # not later, when something has been found that could not be kept
            pass
    plan = plan_for(a, b, seed, more)
    done = run_campaign(plan, jobs=jobs, time=time, quiet=True)
    tally = done.tally
    groups = chosen = select(tally.groups)
    if done.interrupt is None:
        shrunk = run_campaign(refinement(plan, chosen), jobs=jobs, quiet=True)
        done = done._replace(interrupt=shrunk.interrupt)
        groups = refined(chosen, shrunk.tally.groups) if done.interrupt is None else chosen
    if out is not None:
        with reporting_failures(out):
            for group in groups:
                write(group, (a, b), out)
    if output_format is AnswerFormat.JSON:
        summary = tally.to_json()["summary"]
        scenarios = [group.to_json() for group in groups]
        trouble = {} if done.trouble is None else {"trouble": done.trouble}
        print_document("distinguish", {"kernels": done.kernels, "summary": summary, "scenarios": scenarios, **trouble})
    else:
        for group in groups:
            print_lines(group_lines(group, (a, b)))
        print_lines([f"{a} and {b} differ in {counted(len(groups), 'way')}, found in {tally.done:,} scenarios"])
        if done.trouble is not None:
            print_lines([f"ended early: {done.trouble}"])
    done.end()
    if groups:
        return BAD
    return GOOD if tally.compared else NOTHING_RAN
