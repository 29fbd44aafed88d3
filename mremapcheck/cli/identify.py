"""``mremapcheck identify``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from mremapcheck.cli.options import Paths, Timeout, Verbose


class Look(str, Enum):
    """How an identity looks."""

    TABLE = "table"
    JSON = "json"


def identify(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The kernel: live, vm:6.17.13, recorded:FILE.")],
    paths: Paths = None,
    look: Annotated[Look, typer.Option("--format", help="How the answer looks.")] = Look.TABLE,
    timeout: Timeout = None,
    verbose: Verbose = False,
) -> int:
    """Find out which changes a kernel has and lacks, and what its version number would have promised.

    Exit codes: 0 just what its version promises, but for what its configuration leaves out; 1 something else, 2 usage,
    4 nothing ran.
    """
    from mremapcheck.cli.codes import BAD, GOOD, NOTHING_RAN
    from mremapcheck.cli.listing import print_document, print_lines
    from mremapcheck.compare.identify import identify as find
    from mremapcheck.executors.references import TIMEOUT, open_executor
    from mremapcheck.report.identity import identity_lines
    from mremapcheck.scenario.selection import select

    scenarios = select(paths or [], [])
    with open_executor(reference, timeout=timeout or TIMEOUT) as executor:
        identity = find(executor, scenarios)
    if look is Look.JSON:
        print_document("identify", identity.to_json())
    else:
        print_lines(identity_lines(identity, verbose))
    if not identity.compared:
        return NOTHING_RAN
    return GOOD if identity.as_promised else BAD
