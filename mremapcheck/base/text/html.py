"""HTML, and SVG inside it: text and the values of attributes in double quotes."""

from __future__ import annotations

import html

from mremapcheck.base.text import terminal


def escape(text: str) -> str:
    """Return text that means itself, between tags and in an attribute's double quotes."""
    return html.escape(terminal.lines(text), quote=True)


def target(address: str) -> str:
    """Return an address for ``href``; one that is no web page, such as a script, leads nowhere (``#``)."""
    return escape(address) if address.startswith(("https://", "http://", "#")) else "#"
