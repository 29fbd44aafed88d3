"""The drawing of a region, as comments show it."""

from __future__ import annotations

from mremapcheck.scenario.document import Region
from mremapcheck.scenario.drawing import compact


def drawn(region: Region) -> str:
    """Return the drawing that the region's runs were read from."""
    text = ""
    for run in region.runs:
        text += "." * (run.start - len(text)) + run.letter * run.pages
    return compact(text.ljust(region.pages, "."))
