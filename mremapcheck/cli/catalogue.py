"""``mremapcheck catalogue``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.cli.files import put
from mremapcheck.cli.options import Only, Paths, option
from mremapcheck.convert.catalogue.entries import entries
from mremapcheck.convert.catalogue.html import html
from mremapcheck.convert.catalogue.markdown import markdown
from mremapcheck.executors.model.registry import NEWEST, OLDEST
from mremapcheck.scenario.selection import select


class CatalogueFormat(str, Enum):
    """What the catalogue is written as."""

    MARKDOWN = "markdown"
    HTML = "html"


def catalogue(
    paths: Paths = None,
    page: Annotated[
        CatalogueFormat, typer.Option("--format", help="HTML is one self-contained file.")
    ] = CatalogueFormat.MARKDOWN,
    only: Only = None,
    out: Annotated[Path | None, option("--output -o", "FILE", "Instead of stdout.")] = None,
) -> int:
    """Write every scenario with its drawing, who relies on it, its citations, and what each era of kernels does."""
    found = list(entries(select(paths or [], only or [])))
    if page is CatalogueFormat.HTML:
        text = html(found, str(OLDEST), str(NEWEST))
    else:
        text = markdown(found)
    put(text, out)
    return 0
