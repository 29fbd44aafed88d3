"""For CI servers: JUnit XML. A mismatch or difference is a failure, a scenario that could not be judged an error.

No times and no host name: equal results give equal bytes. A comparison's test suite is named after both kernels; a
matrix has a suite for each kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from mremapcheck.report.base import Header, Tally
from mremapcheck.report.cases import Case, case
from mremapcheck.report.style import Style
from mremapcheck.text import xml

if TYPE_CHECKING:
    from mremapcheck.report.base import Item, Output


class Junit:
    """Its suites begin with the numbers, so it is written at the end."""

    def __init__(self, header: Header, out: Output, style: Style, verbose: bool) -> None:
        self._header = header
        self._out = out
        self._cases: list[Case] = []

    def start(self) -> None:
        """Write nothing yet."""

    def add(self, item: Item) -> None:
        """Keep one result."""
        self._cases.append(case(item, self._header))

    def finish(self, tally: Tally) -> None:
        """Write everything."""
        root = ElementTree.Element("testsuites", name="mremapcheck")
        names = [kernel.reference for kernel in self._header.kernels]
        if self._header.kind == "matrix":
            for index, name in enumerate(names):
                _suite(root, name, ((test.name, test.children[index]) for test in self._cases), tally.trouble)
        else:
            _suite(root, " against ".join(names), ((test.name, test) for test in self._cases), tally.trouble)
        self._out.write(xml.document(root))


def _suite(root: ElementTree.Element, name: str, tests: Iterable[tuple[str, Case]], trouble: str | None) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=name)
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for title, test in tests:
        counts["tests"] += 1
        element = ElementTree.SubElement(suite, "testcase", name=title, classname=f"mremapcheck.{name}")
        if test.path:
            element.set("file", test.path)
            element.set("line", str(test.line))
        tag, count = {
            "fail": ("failure", "failures"),
            "error": ("error", "errors"),
            "skip": ("skipped", "skipped"),
        }.get(test.status, ("", ""))
        if tag:
            counts[count] += 1
            child = ElementTree.SubElement(element, tag, message=test.message)
            if test.details:
                child.text = "\n".join(["", *test.details, ""])
    if trouble is not None:
        ElementTree.SubElement(suite, "system-err").text = f"ended early: {trouble}"
    for key, value in counts.items():
        suite.set(key, str(value))
