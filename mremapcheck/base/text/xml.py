"""XML: whole documents, of which no character is left that XML 1.0 does not know."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_UNKNOWN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(root: ElementTree.Element) -> str:
    """Return an indented document; what XML cannot carry in texts and attributes is left out."""
    for element in root.iter():
        if element.text:
            element.text = _known(element.text)
        if element.tail:
            element.tail = _known(element.tail)
        for name, value in element.attrib.items():
            element.set(name, _known(value))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _known(text: str) -> str:
    return _UNKNOWN.sub("", text)
