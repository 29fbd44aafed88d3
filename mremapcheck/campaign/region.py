"""A region in a document: its drawing alone, or ``{pages: drawing, align: ...}``."""

from __future__ import annotations

from typing import Any, TypeAlias

Region: TypeAlias = "str | dict[str, Any]"


def pages_of(region: Region) -> str:
    """Return the drawing."""
    return str(region["pages"]) if isinstance(region, dict) else region


def with_pages(region: Region, drawing: str) -> Region:
    """Return the same region with another drawing."""
    return {**region, "pages": drawing} if isinstance(region, dict) else drawing
