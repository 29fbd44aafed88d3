"""``mremapcheck changes``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.cli.completion import change_ids
from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import ListFormat, Listing, option
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.report.changes import change_json, change_lines, select_changes


def changes(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=change_ids, metavar="TEXT", show_default=False, help="Ids, commits, or any part of subjects."
        ),
    ] = None,
    since: Annotated[
        str | None,
        option("--since", "VERSION", "Only what came with it or later."),
    ] = None,
    output_format: Listing = ListFormat.TABLE,
) -> int:
    """List the kernel changes that the model knows, and, of those asked for, the evidence.

    Each has its commit in mainline, the first release that has it, the first update of each stable series that took it,
    and what user space sees. A `?` marks what is not certain.
    """
    chosen = select_changes(ids or [], KernelVersion.parse(since) if since else None)
    if output_format is ListFormat.JSON:
        return print_document("changes", {"changes": [change_json(change) for change in chosen]})
    markdown = output_format is ListFormat.MARKDOWN
    lines = change_lines(chosen, markdown=markdown, details=bool(ids))
    return print_lines(lines, clipped=not (markdown or ids))
