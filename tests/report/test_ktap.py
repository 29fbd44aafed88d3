from __future__ import annotations

import io
import re

from mremapcheck.report.base import Header, Tally, open_report
from tests.factories import kernel, scenario
from tests.report.rendering import KERNELS, comparison_of_everything, eras, lines, rendered, run_of_everything

RESULT = re.compile(r"(ok|not ok) (\d+)( [^#]*)?( # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)( .*)?)?")


def check(text: str) -> list[tuple[bool, str, str | None]]:
    """Hold the rules of KTAP 1 against a report and return its top-level results: (ok, name, directive)."""
    results, rest = parse(text.splitlines(), "")
    assert not rest
    return results


def parse(text: list[str], indent: str) -> tuple[list[tuple[bool, str, str | None]], list[str]]:
    assert text.pop(0) == f"{indent}KTAP version 1"
    if indent:
        assert text.pop(0).startswith(f"{indent}# Subtest: ")
    plan = re.fullmatch(rf"{indent}1\.\.(\d+)", text.pop(0))
    assert plan
    results: list[tuple[bool, str, str | None]] = []
    while text:
        if text[0].startswith(f"{indent}  KTAP"):
            assert parse(text, indent + "  ")[0]  # a nested test comes right before its result
            assert text
            continue
        if not text[0].startswith(indent):
            break
        line = text.pop(0).removeprefix(indent)
        if not line.startswith("#"):
            found = RESULT.fullmatch(line)
            assert found, line
            assert int(found[2]) == len(results) + 1
            results.append((found[1] == "ok", (found[3] or "").strip(), found[5]))
            if len(results) == int(plan[1]) and indent:
                break
    assert len(results) == int(plan[1])
    return results, text


def test_a_run_follows_the_rules() -> None:
    assert check(rendered("ktap", "run", [kernel()], run_of_everything())) == [
        (True, "good", None),
        (True, "unsaid", "SKIP"),
        (False, "bad", None),
        (True, "sealed", "SKIP"),
        (False, "broken", "ERROR"),
    ]


def test_diagnostics_come_before_the_result_they_explain() -> None:
    text = lines(rendered("ktap", "run", [kernel()], run_of_everything()))
    drawn = next(index for index, line in enumerate(text) if "AABB.C    ..BB.C" in line)
    assert text[drawn].startswith("# ") and text.index(
        "ok 2 unsaid # SKIP unchecked: nothing is expected of this kernel"
    ) < drawn < text.index("not ok 3 bad")
    assert "ok 4 sealed # SKIP no mseal before 6.10" in text
    assert text[-1] == "# totals pass:1 fail:1 unchecked:1 skip:1 error:1"


def test_a_difference_is_not_ok() -> None:
    results = check(rendered("ktap", "compare", [kernel("6.1"), kernel()], comparison_of_everything()))
    assert [good for good, _, _ in results] == [True, False, True, False]


def test_a_matrix_has_a_subtest_for_each_kernel() -> None:
    text = rendered("ktap", "matrix", KERNELS, [eras()])
    check(text)
    assert "  ok 6 6.18\n" in text and "  ok 1 6.1 # SKIP unchecked: nothing is expected" in text
    assert "  KTAP version 1\n  # Subtest: case\n  1..6\n" in text


def test_what_was_not_run_is_skipped_so_that_the_plan_holds() -> None:
    items = run_of_everything()
    header = Header("run", [kernel()], [item.scenario for item in items])
    out = io.StringIO()
    reporter = open_report("ktap", header, out)
    reporter.start()
    reporter.add(items[0])
    reporter.finish(Tally({"pass": 1}, "interrupted"))
    assert check(out.getvalue())[1:] == [(True, name, "SKIP") for name in ("unsaid", "bad", "sealed", "broken")]
    assert "ok 2 unsaid # SKIP not run: interrupted" in out.getvalue()


def test_names_cannot_break_the_format() -> None:
    header = Header("run", [kernel()], [scenario("a # SKIP b\nnot ok 1 c")])
    out = io.StringIO()
    reporter = open_report("ktap", header, out)
    reporter.start()
    reporter.finish(Tally({}))
    assert check(out.getvalue()) == [(True, "a _ SKIP b not ok 1 c", "SKIP")]
