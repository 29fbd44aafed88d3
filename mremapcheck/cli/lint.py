"""``mremapcheck lint``."""

from __future__ import annotations

from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import ListFormat, Listing, Paths
from mremapcheck.scenario.selection import problems


def lint(paths: Paths = None, output_format: Listing = ListFormat.TABLE) -> int:
    """Check scenario files: what does not load, what is legal and still no good, what nothing is expected of.

    Exit codes: 0 nothing found but notes, 1 warnings only, 2 errors.
    """
    found = problems(paths or [])
    if output_format is ListFormat.JSON:
        print_document("lint", {"problems": [problem.to_json() for problem in found]})
    else:
        print_lines(found)
    levels = {problem.level for problem in found}
    return 2 if "error" in levels else 1 if "warning" in levels else 0
