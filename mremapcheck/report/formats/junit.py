"""For CI servers: JUnit XML as Jenkins' schema junit-10 has it.

A mismatch or difference is a failure, a scenario that could not be judged an error; one of which nothing is expected is
skipped, with a message that begins with ``unchecked``. A comparison's suite is named after both kernels; a matrix has a
suite for each kernel. Properties of a suite say which kernel it was: ``release``, ``reference``, ``executor``; of a
comparison with ``a.`` and ``b.`` before them.

Servers split a class name at its last dot, into package and class: ``mremapcheck.6_17.uffd`` is the folder ``uffd``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from mremapcheck.base.text import xml
from mremapcheck.compare.comparison import names_of
from mremapcheck.report.base import Header, Tally
from mremapcheck.report.cases import Case, case
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.report.base import Item, Output

#: How a result is told: the element, and the suite's attribute that counts it.
_TOLD = {"fail": ("failure", "failures"), "error": ("error", "errors"), "skip": ("skipped", "skipped")}


class Junit:
    """Its suites begin with the numbers, so it is written at the end."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._out = out
        self._cases: list[tuple[Case, float]] = []
        self._last = 0.0

    def start(self) -> None:
        """Write nothing yet."""
        self._last = monotonic()

    def add(self, item: Item) -> None:
        """Keep one result, with the seconds that it took to come."""
        now = monotonic()
        self._cases.append((case(item, self._header), now - self._last))
        self._last = now

    def finish(self, tally: Tally) -> None:
        """Write everything."""
        root = ElementTree.Element("testsuites", name="mremapcheck")
        kernels = self._header.kernels
        if self._header.report == "matrix":
            for index, kernel in enumerate(kernels):
                tests = [(test.name, test.children[index], seconds / len(kernels)) for test, seconds in self._cases]
                _suite(root, kernel.reference, _properties(kernel), tests, tally.trouble)
        else:
            properties = _properties(kernels[0])
            if self._header.report == "compare":
                pairs = zip(("a.", "b."), kernels, strict=True)
                properties = {key: value for side, kernel in pairs for key, value in _properties(kernel, side).items()}
            tests = [(test.name, test, seconds) for test, seconds in self._cases]
            name = " against ".join(names_of(kernels)) if len(kernels) > 1 else kernels[0].reference
            _suite(root, name, properties, tests, tally.trouble)
        self._out.write(xml.document(root))


def _properties(kernel: Kernel, side: str = "") -> dict[str, str]:
    facts = {"release": kernel.release, "reference": kernel.reference, "executor": kernel.executor}
    return {f"{side}{key}": value for key, value in facts.items()}


def _suite(
    root: ElementTree.Element,
    name: str,
    properties: Mapping[str, str],
    tests: Iterable[tuple[str, Case, float]],
    trouble: str | None,
) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=name)
    facts = ElementTree.SubElement(suite, "properties")
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    unchecked, time = 0, 0.0
    for title, test, seconds in tests:
        counts["tests"] += 1
        unchecked += test.status == "unchecked"
        time += seconds
        facts_of_test = {"name": title, "classname": _class_name(name, test.path), "time": f"{seconds:.3f}"}
        element = ElementTree.SubElement(suite, "testcase", facts_of_test)
        if test.result in _TOLD:
            tag, count = _TOLD[test.result]
            counts[count] += 1
            told = ElementTree.SubElement(element, tag, message=test.message)
            if test.details and test.result != "skip":
                told.text = "\n".join(["", *test.details, ""])
        if test.details and test.result == "skip":
            ElementTree.SubElement(element, "system-out").text = "\n".join(["", *test.details, ""])
    if trouble is not None:
        ElementTree.SubElement(suite, "system-err").text = f"ended early: {trouble}"
    for key, value in {**properties, "unchecked": str(unchecked)}.items():
        ElementTree.SubElement(facts, "property", name=key, value=value)
    for key, number in counts.items():
        suite.set(key, str(number))
    suite.set("time", f"{time:.3f}")


def _class_name(suite: str, path: str) -> str:
    folder = PurePath(path).parent.name or "scenarios"
    return ".".join(
        ["mremapcheck", *(re.sub(r"[^A-Za-z0-9-]+", "_", part).strip("_") or "_" for part in (suite, folder))]
    )


REPORTER = Junit
