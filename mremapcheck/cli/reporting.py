"""From items to the reports: one on standard output, others in files, with progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.interrupts import held
from mremapcheck.base.progress import Line
from mremapcheck.cli.environment import tell
from mremapcheck.cli.output import Stdout
from mremapcheck.report.base import STATUSES, Header, Reporter, Tally, open_report, write_report
from mremapcheck.report.style import WIDTH, Style, wants_colours
from mremapcheck.report.tee import OutputFile, Tee
from mremapcheck.report.text import terminal_width

if TYPE_CHECKING:
    from mremapcheck.cli.options import Color
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.report.base import Item, ReportName
    from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Which reports are wanted, and how they look: ``output_format`` is that on standard output.

    ``files`` are a format and a path each; ``-`` is standard output, in the place of ``output_format``. ``detail``: -1
    what is wrong, 0 as usual, 1 everything.
    """

    output_format: str
    files: Sequence[tuple[str, str]] = ()
    color: Color | None = None
    detail: int = 0


def report(
    kind: ReportName,
    kernels: Sequence[Kernel],
    scenarios: Sequence[Scenario],
    items: Iterable[Item],
    wanted: ReportOptions,
    fail_fast: bool = False,
) -> Tally:
    """Write the reports of ``items`` as they come, and return their tally.

    With ``fail_fast`` the first one that is not good is the last. An executor's end is told on stderr.
    """
    if fail_fast:
        items = _to_the_first_bad(items, kind)
    out = Stdout()
    header = Header(kind, kernels, scenarios)
    files = [(output_format, OutputFile(Path(path))) for output_format, path in wanted.files if path != "-"]
    try:
        with held():  # what has been opened is known
            for _, file in files:
                file.open()
        reporter = _open(wanted, header, out, files)
        tally = write_report(reporter, header, _with_progress(items, len(scenarios)), out)
    finally:
        for _, file in files:
            file.leave_nothing_empty()
    if tally.error is not None:
        tell(f"mremapcheck: {tally.error}\n")
    return tally


def style_of(color: str, out: Stdout, detail: int = 0) -> Style:
    """Return how a report on standard output looks."""
    terminal = out.isatty()
    width = terminal_width(out) if terminal else WIDTH
    out.colours = wants_colours(color, out, os.environ)
    return Style(out.colours, detail, max(width, 40), terminal)


def _open(wanted: ReportOptions, header: Header, out: Stdout, files: Sequence[tuple[str, OutputFile]]) -> Reporter:
    style = style_of(wanted.color.value if wanted.color else "auto", out, wanted.detail)
    output_format = next((output_format for output_format, path in wanted.files if path == "-"), wanted.output_format)
    reporters = [open_report(output_format, header, file) for output_format, file in files]
    return Tee([*reporters, open_report(output_format, header, out, style)], [file for _, file in files])


def _to_the_first_bad(items: Iterable[Item], kind: ReportName) -> Iterator[Item]:
    for item in items:
        yield item
        if STATUSES[kind][item.status].is_bad:
            return


def _with_progress(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Count on the terminal that standard error is; whatever is printed there takes its place."""
    if not sys.stderr.isatty():
        yield from items
        return
    line = Line("")
    try:
        for number, item in enumerate(items, 1):
            line.say(f"{number}/{total} {item.scenario.name}")
            yield item
    finally:
        line.clear()
