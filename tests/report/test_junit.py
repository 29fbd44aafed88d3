from __future__ import annotations

from xml.etree import ElementTree

from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution
from tests.made import kernel, scenario
from tests.report.written import LADDER, comparison_of_everything, eras, run_of_everything, written


def parse(text: str) -> ElementTree.Element:
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    return ElementTree.fromstring(text)


def test_failures_errors_and_skips_are_told_apart() -> None:
    (suite,) = parse(written("junit", "run", [kernel()], run_of_everything()))
    assert suite.attrib == {"name": "6.17", "tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    cases = {case.get("name"): case for case in suite}
    assert [child.tag for child in cases["bad"]] == ["failure"]
    assert [child.tag for child in cases["broken"]] == ["error"]
    assert [child.tag for child in cases["sealed"]] == ["skipped"]
    assert len(cases["good"]) == len(cases["unsaid"]) == 0
    failure = cases["bad"][0]
    assert "moves[0].verdict: expected refused, seen partial" in failure.get("message", "")
    assert failure.text and "AABB.C  AABB.C    ..BB.C" in failure.text
    assert cases["bad"].get("file") == "scenarios/bad.yaml" and cases["bad"].get("line") == "1"


def test_a_difference_is_a_failure() -> None:
    (suite,) = parse(written("junit", "compare", [kernel("6.1"), kernel()], comparison_of_everything()))
    assert suite.get("name") == "6.1 against 6.17" and suite.get("failures") == "1"


def test_a_matrix_has_a_suite_for_each_kernel() -> None:
    suites = parse(written("junit", "matrix", LADDER, [eras()]))
    assert [suite.get("name") for suite in suites] == [kernel.reference for kernel in LADDER]
    assert {suite.get("tests") for suite in suites} == {"1"}


def test_characters_that_xml_cannot_carry_are_dropped() -> None:
    item = judge(scenario("a<&>\x00"), Execution("error", None, "bad \x1b[31m bytes \ud800"), kernel().version)
    (suite,) = parse(written("junit", "run", [kernel()], [item]))
    assert suite[0].get("name") == "a<&>" and suite[0][0].get("message") == "bad [31m bytes "
