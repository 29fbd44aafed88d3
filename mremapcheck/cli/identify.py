"""``mremapcheck identify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.paths import is_there
from mremapcheck.cli.codes import BAD, GOOD, NOTHING_RAN
from mremapcheck.cli.completion import change_ids, references
from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import AnswerFormat, Timeout, Verbose
from mremapcheck.compare.identify import identify as find
from mremapcheck.executors.model.registry import find as find_changes
from mremapcheck.executors.references import open_executor
from mremapcheck.report.identity import identity_lines, presence_lines
from mremapcheck.scenario.selection import select


def identify(
    reference: Annotated[
        str,
        typer.Argument(
            autocompletion=references,
            metavar="REF",
            help="The kernel: live, vm:6.17.13, via:COMMAND, recorded:FILE.",
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=change_ids,
            metavar="[CHANGE|PATHS]...",
            show_default=False,
            help="Changes (ids, commits) to ask for alone; scenario files or folders instead of the shipped ones.",
        ),
    ] = None,
    output_format: Annotated[AnswerFormat, typer.Option("--format", help="How the answer looks.")] = AnswerFormat.TABLE,
    timeout: Timeout = None,
    verbose: Verbose = False,
) -> int:
    """Find out which changes a kernel has and lacks, and what its version number would have promised.

    With changes, whether it has these: `identify live early-failure`. Exit codes: 0 just what its version promises, but
    for what its configuration leaves out, or all changes asked for; 1 something else, or not all of them; 2 usage;
    4 nothing ran, or nothing here tells.
    """
    asked = {word: find_changes(word) for word in words or () if not is_there(word)}
    unknown = [word for word, found in asked.items() if not found and "/" not in word and "." not in word]
    if unknown:
        raise typer.BadParameter(
            f"`{unknown[0]}` is neither a change nor a file; `mremapcheck changes` lists the changes"
        )
    changes = [change.id for found in asked.values() for change in found]
    scenarios = select([Path(word) for word in words or () if not asked.get(word)], [])
    with open_executor(reference, timeout=timeout) as executor:
        identity = find(executor, scenarios)
    if output_format is AnswerFormat.JSON:
        print_document("identify", identity.to_json())
    else:
        print_lines(presence_lines(identity, changes) if changes else identity_lines(identity, verbose))
    if changes and identity.compared:
        return GOOD if identity.has_all(changes) else BAD if identity.lacks_any(changes) else NOTHING_RAN
    if not identity.compared:
        return NOTHING_RAN
    return GOOD if identity.as_promised else BAD
