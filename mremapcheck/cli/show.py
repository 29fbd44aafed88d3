"""``mremapcheck show``."""

from __future__ import annotations

from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.options import Only, Paths
from mremapcheck.scenario import picture
from mremapcheck.scenario.selection import select


def show(paths: Paths = None, only: Only = None) -> int:
    """Draw scenarios before anything has run: regions, what the letters mean, what is done."""
    drawn = [picture.show(scenario) for scenario in select(paths or [], only or [])]
    return print_lines(["\n\n\n".join(drawn)])
