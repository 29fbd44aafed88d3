"""What a campaign says: for people as it goes along, for programs one JSON document at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mremapcheck import __version__
from mremapcheck.base.text.terminal import counted
from mremapcheck.campaign.campaign import Campaign, Totals
from mremapcheck.campaign.group import Group
from mremapcheck.campaign.write import describe, document_text


def group_lines(group: Group, names: tuple[str, str]) -> Iterator[str]:
    """Yield a group with its drawing, for people."""
    yield from describe(group, names)
    yield from (f"    {line}" for line in document_text(group.mismatch.smallest).splitlines())
    yield ""


def summary_lines(plan: Campaign, tally: Totals, trouble: str | None = None) -> Iterator[str]:
    """Yield the numbers and one line for each group, the most frequent first; ``trouble``: why they are not all."""
    yield (
        f"{tally.done:,} scenarios on {plan.a} and {plan.b}: {tally.compared:,} compared, {tally.same:,} the same, "
        f"{tally.different:,} different in {counted(len(tally.groups), 'group')}"
    )
    if tally.refused:
        yield f"{tally.refused:,} not compared: a set-up step failed, alike on both"
    if tally.unloadable:
        yield f"{tally.unloadable:,} not compared: not a scenario"
    for word, reasons in (("skipped", tally.skipped), ("unanswered", tally.unanswered)):
        for reason, count in reasons.most_common():
            yield f"{count:,} {word}: {reason}"
    for group in sorted(tally.groups, key=lambda group: -group.count):
        yield f"{group.count:>8,}  {group.name}"
    if trouble is not None:
        yield f"ended early: {trouble}"


def report_json(plan: Campaign, tally: Totals, kernels: Mapping[str, Any], trouble: str | None = None) -> str:
    """Return the JSON document; it depends on kernels and seed alone, never on the clock or the number of jobs.

    Unless ``trouble`` ended the campaign early.
    """
    return json.dumps(
        {
            "schema": "mremapcheck.fuzz/1",
            "tool": f"mremapcheck {__version__}",
            "kernels": dict(kernels),
            "source": plan.source.to_json(),
            **tally.to_json(),
            **({} if trouble is None else {"trouble": trouble}),
        },
        indent=1,
    )
