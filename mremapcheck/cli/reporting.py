"""From items to the report on standard output, with progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.progress import Line
from mremapcheck.cli.environment import tell
from mremapcheck.cli.output import Stdout
from mremapcheck.report.base import Header, Tally, open_report, write_report
from mremapcheck.report.style import Style, wants_colours

if TYPE_CHECKING:
    from pathlib import Path

    from mremapcheck.cli.options import Color, Format
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.report.base import Item, Kind
    from mremapcheck.scenario.document import Scenario


def report(
    kind: Kind,
    kernels: Sequence[Kernel],
    scenarios: Sequence[Scenario],
    items: Iterable[Item],
    look: Format,
    color: Color,
    verbose: bool = False,
    record: Path | None = None,
    fail_fast: bool = False,
) -> Tally:
    """Write the report of ``items`` as they come, and keep it in the file ``record`` too; return their tally.

    With ``fail_fast`` the first one that is not good is the last. An executor's end is told on stderr.
    """
    if fail_fast:
        items = _to_the_first_bad(items)
    out = Stdout()
    style = Style(wants_colours(color.value, out, os.environ))
    out.colours = style.colours
    header = Header(kind, kernels, scenarios)
    reporter = open_report(look.value, header, out, style, verbose)
    if record is not None:
        from mremapcheck.report.recording import Recording

        reporter = Recording(reporter, header, record)
    tally = write_report(reporter, header, _with_progress(items, len(scenarios)), out)
    if tally.error is not None:
        tell(f"mremapcheck: {tally.error}\n")
    return tally


def _to_the_first_bad(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        if item.status in ("fail", "different", "error"):
            return


def _with_progress(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Count on the terminal that standard error is, unless the results appear there themselves."""
    if not sys.stderr.isatty() or Stdout().isatty():
        yield from items
        return
    line = Line("")
    try:
        for number, item in enumerate(items, 1):
            line.say(f"{number}/{total} {item.scenario.name}")
            yield item
    finally:
        line.clear()
