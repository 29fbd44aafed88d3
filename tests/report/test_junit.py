from __future__ import annotations

from xml.etree import ElementTree

from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution
from tests.factories import kernel, scenario
from tests.report.rendering import KERNELS, comparison_of_everything, eras, rendered, run_of_everything


def parse(text: str) -> ElementTree.Element:
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    return ElementTree.fromstring(text)


def test_failures_errors_and_skips_are_told_apart() -> None:
    (suite,) = parse(rendered("junit", "run", [kernel()], run_of_everything()))
    assert {key: value for key, value in suite.attrib.items() if key != "time"} == {
        "name": "6.17",
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [child.tag for child in cases["bad"]] == ["failure"]
    assert [child.tag for child in cases["broken"]] == ["error"]
    assert [child.tag for child in cases["sealed"]] == ["skipped"]
    assert len(cases["good"]) == 0
    assert [child.tag for child in cases["unsaid"]] == ["skipped", "system-out"]
    assert cases["unsaid"][0].get("message") == "unchecked: nothing is expected of this kernel"
    failure = cases["bad"][0]
    assert "moves[0].verdict: expected refused, seen partial" in failure.get("message", "")
    assert failure.text and "AABB.C  AABB.C    ..BB.C" in failure.text
    assert cases["bad"].get("classname") == "mremapcheck.6_17.scenarios"
    assert all(float(case.get("time", "")) >= 0 for case in cases.values())


def test_a_suite_says_which_kernel_it_was() -> None:
    (suite,) = parse(rendered("junit", "run", [kernel()], run_of_everything()))
    assert properties(suite) == {"release": "6.17", "reference": "6.17", "executor": "model", "unchecked": "1"}
    (suite,) = parse(rendered("junit", "compare", [kernel("6.1"), kernel()], comparison_of_everything()))
    assert properties(suite)["a.release"] == "6.1" and properties(suite)["b.release"] == "6.17"


def properties(suite: ElementTree.Element) -> dict[str, str]:
    return {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}


#: What Jenkins' junit-10.xsd allows: element -> attributes (with ! where it is required), children.
JENKINS = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp", "hostname", "id"}
        | {"package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name!", "value!"}, set()),
    "testcase": (
        {"name!", "classname", "time", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "skipped": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "failure": ({"message", "type"}, set()),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}


def test_it_is_what_jenkins_reads() -> None:
    texts = [
        rendered("junit", "run", [kernel()], run_of_everything()),
        rendered("junit", "compare", [kernel("6.1"), kernel()], comparison_of_everything()),
        rendered("junit", "matrix", KERNELS, [eras()]),
    ]
    for element in (element for text in texts for element in parse(text).iter()):
        attributes, children = JENKINS[element.tag]
        assert set(element.attrib) <= {name.rstrip("!") for name in attributes}
        assert {name.rstrip("!") for name in attributes if name.endswith("!")} <= set(element.attrib)
        assert {child.tag for child in element} <= children


def test_a_difference_is_a_failure() -> None:
    (suite,) = parse(rendered("junit", "compare", [kernel("6.1"), kernel()], comparison_of_everything()))
    assert suite.get("name") == "6.1 against 6.17" and suite.get("failures") == "1"


def test_a_matrix_has_a_suite_for_each_kernel() -> None:
    suites = parse(rendered("junit", "matrix", KERNELS, [eras()]))
    assert [suite.get("name") for suite in suites] == [kernel.reference for kernel in KERNELS]
    assert {suite.get("tests") for suite in suites} == {"1"}


def test_characters_that_xml_cannot_carry_are_dropped() -> None:
    item = judge(scenario("a<&>\x00"), Execution("error", None, "bad \x1b[31m bytes \ud800"), kernel().version)
    (suite,) = parse(rendered("junit", "run", [kernel()], [item]))
    (case,) = suite.iter("testcase")
    assert case.get("name") == "a<&>" and case[0].get("message") == "bad ?[31m bytes ?"
