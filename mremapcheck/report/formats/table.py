"""For people: drawings, in lines as wide as the terminal. Each report has a module of its own, ``run_table`` ..."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mremapcheck.report.base import Header, Output, Reporter
    from mremapcheck.report.style import Style


def table(header: Header, out: Output, style: Style) -> Reporter:
    """Return the table of the report's kind; only its module is loaded."""
    module = import_module(f"mremapcheck.report.{header.report}_table")
    return cast("Reporter", getattr(module, f"{header.report.capitalize()}Table")(header, out, style))


REPORTER = table
