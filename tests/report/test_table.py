from __future__ import annotations

import io
from dataclasses import replace

import pytest

from mremapcheck.compare.comparison import Suspect, compare
from mremapcheck.compare.matrix import named, row
from mremapcheck.linux.platforms import PLATFORMS
from mremapcheck.outcome.expectations import Result, judge
from mremapcheck.outcome.outcome import Execution, Note
from mremapcheck.report.base import FORMATS
from mremapcheck.report.blocks import kernel_text
from mremapcheck.report.compare_blocks import comparison_drawing
from mremapcheck.report.run_blocks import trace_block
from mremapcheck.report.style import Style, wants_colours
from mremapcheck.scenario.document import MoveExpectation, Process
from mremapcheck.scenario.library import shipped
from tests.factories import DAMAGED, MOVED, PARTIAL, REFUSED, expectation, kernel, outcome, ran, scenario, vma
from tests.report.rendering import KERNELS, REFUSED_EXPECTED, eras, lines, rendered


def test_a_run_has_a_line_for_each_scenario_and_the_numbers_last() -> None:
    version = kernel().version
    items = [
        judge(scenario("good", expect=REFUSED_EXPECTED), ran(REFUSED), version),
        judge(scenario("unsaid"), ran(MOVED), version),
        judge(scenario("sealed"), Execution("skip", None, "no mseal before 6.10"), version),
    ]
    assert lines(rendered("table", "run", [kernel()], items)) == [
        "Kernel 6.17, the model with 0 changes",
        "",
        "pass       good    EFAULT refused    What good does",
        "",
        "unchecked  unsaid  moved             nothing is expected of this kernel",
        "  What unsaid does",
        "  scenarios/unsaid.yaml:1",
        "    mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)",
        "",
        "             before  after",
        "  ! src      AABB.C  ......",
        "  ! dst      X.....  AABB.C",
        "    returns          dst",
        "    verdict          moved",
        "",
        "  mappings of src: none",
        "  mappings of dst: 0+2 rw- private anon, 2+2 rw- private anon, 5+1 rw- private",
        "    anon",
        "  counters: 0p locked, 5p total",
        "  userfaultfd events: none",
        "",
        "skip       sealed                    no mseal before 6.10",
        "",
        "3 scenarios: 1 pass, 1 unchecked, 1 skip",
        "unchecked: it ran, and nothing is expected of this kernel",
    ]


def many(status: str = "pass") -> list[Result]:
    version = kernel().version
    folders = ("scenarios/a", "scenarios/b")
    cases = [
        scenario(f"case-{folder[-1]}{n}", expect=REFUSED_EXPECTED, path=f"{folder}/{n}.yaml")
        for folder in folders
        for n in range(15)
    ]
    return [judge(case, ran(REFUSED), version) for case in cases]


def test_many_scenarios_have_a_line_for_each_folder() -> None:
    items = many()
    items[3] = judge(items[3].scenario, Execution("skip", None, "no mseal before 6.10"), kernel().version)
    text = lines(rendered("table", "run", [kernel()], items))
    assert text[2:] == [
        "pass       scenarios/a  14 pass, 1 skip",
        "pass       scenarios/b  15 pass",
        "",
        "30 scenarios: 29 pass, 1 skip",
        "  1 skip: no mseal before 6.10",
    ]
    loud = rendered("table", "run", [kernel()], items, style=Style(detail=1))
    assert all(item.scenario.name in loud for item in items)


def test_shipped_scenarios_are_told_without_what_leads_to_them() -> None:
    items = [
        judge(scenario(f"case-{n}", path=f"{shipped()}/multi/{n}.yaml"), ran(REFUSED), kernel().version)
        for n in range(30)
    ]
    assert "unchecked  scenarios/multi  30 unchecked" in lines(rendered("table", "run", [kernel()], items))


def test_quiet_says_only_what_is_wrong() -> None:
    items = many()
    assert rendered("table", "run", [kernel()], items, style=Style(detail=-1)) == ""
    items[3] = judge(items[3].scenario, ran(PARTIAL), kernel().version)
    text = rendered("table", "run", [kernel()], items, style=Style(detail=-1))
    assert "fail       case-a3" in text and "30 scenarios: 29 pass, 1 fail" in text and "case-a4" not in text


def test_quiet_says_that_nothing_ran() -> None:
    item = judge(scenario("sealed"), Execution("skip", None, "no mseal before 6.10"), kernel().version)
    text = rendered("table", "run", [kernel()], [item], style=Style(detail=-1))
    assert "1 scenario: 1 skip\n  1 skip: no mseal before 6.10\n" in text


def test_bits_are_drawn_where_they_were_looked_at() -> None:
    seen = replace(MOVED, bits={"uffd-wp": {"src": "......", "dst": "####.-"}})
    text = rendered("table", "run", [kernel()], [judge(scenario(), ran(seen), kernel().version)])
    assert '  uffd-wp: src "......", dst "####.-"\n' in text


def test_a_failure_is_drawn() -> None:
    item = judge(scenario(expect=REFUSED_EXPECTED), ran(PARTIAL), kernel().version)
    assert lines(rendered("table", "run", [kernel()], [item]))[2:-2] == [
        "fail       case  EFAULT partial",
        "  What case does",
        "  scenarios/case.yaml:1",
        "    mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)",
        "",
        "         before  expected  seen",
        "  ! src  AABB.C  AABB.C    ..BB.C",
        "  ! dst  X.....  X.....    AA....",
        "",
        "  moves[0].verdict: expected refused, seen partial (expect at line 12)",
        "  regions.src: expected AABB.C, seen ..BB.C (expect at line 12)",
        "  regions.dst: expected X....., seen AA.... (expect at line 12)",
    ]


def test_an_error_gives_its_reason_in_full() -> None:
    item = judge(
        scenario(), Execution("error", None, "moves[3] (case.yaml:12): mprotect failed: EACCES"), kernel().version
    )
    text = rendered("table", "run", [kernel()], [item])
    assert "error      case                    moves[3] (case.yaml:12): mprotect failed: EACCES\n" in text


def test_verbose_adds_the_trace_of_a_model() -> None:
    trace = (Note("check_flags", "flags are fine"), Note("look_up", "src is mapped"))
    execution = Execution("ran", MOVED, None, trace)
    item = judge(scenario(), execution, kernel().version)
    text = rendered("table", "run", [kernel()], [item], style=Style(detail=1))
    assert "      check_flags  flags are fine\n      look_up      src is mapped\n" in text
    assert "look_up" not in rendered("table", "run", [kernel()], [item])


def test_a_comparison_draws_both_sides() -> None:
    item = compare(scenario(), ran(PARTIAL), ran(REFUSED))
    text = lines(rendered("table", "compare", [kernel("6.17-rc2"), kernel("6.17")], [item]))
    assert text[0] == "A: 6.17-rc2, the model with 0 changes; B: 6.17, the model with 0 changes"
    assert text[2:-2] == [
        "different  case  partial-to-refused",
        "  What case does",
        "  scenarios/case.yaml:1",
        "    mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)",
        "",
        "             before  6.17-rc2  6.17",
        "  ! src      AABB.C  ..BB.C    AABB.C",
        "  ! dst      X.....  AA....    X.....",
        "    returns          EFAULT    EFAULT",
        "  ! verdict          partial   refused",
        "",
        "  partial-to-refused: partial -> refused",
        "  from which follow: other pages in src and dst",
    ]
    assert text[-1] == "1 scenario: 1 different"


def test_what_is_the_same_is_only_counted() -> None:
    text = rendered(
        "table", "compare", [kernel("6.17"), kernel("6.18")], [compare(scenario("quiet"), ran(MOVED), ran(MOVED))]
    )
    assert "quiet" not in text and "1 scenario: 1 same" in text


def test_the_model_says_of_which_release_it_is_where_the_reference_says_more() -> None:
    assert kernel_text(kernel("6.17")) == "6.17, the model with 0 changes"
    assert kernel_text(replace(kernel("6.17"), reference="6.17+mine")) == "6.17+mine, the model of 6.17 with 0 changes"
    assert kernel_text(replace(kernel("6.17"), reference="v6.17")) == "v6.17, the model with 0 changes"


def test_only_an_errno_that_is_expected_needs_no_drawing_of_what_is_expected() -> None:
    errno = expectation(move=MoveExpectation(errno="EPERM"))
    item = judge(scenario(expect=(errno,)), ran(REFUSED), kernel().version)
    assert "         before  seen" in lines(rendered("table", "run", [kernel()], [item]))


def test_one_reason_is_given_once() -> None:
    skip = Execution("skip", None, "no mseal before 6.10")
    other = Execution("skip", None, "no uffd")
    assert compare(scenario(), skip, skip, ("6.1", "6.6")).reason == "both: no mseal before 6.10"
    assert compare(scenario(), skip, other, ("6.1", "6.6")).reason == "6.1: no mseal before 6.10; 6.6: no uffd"


def test_everything_but_reasons_and_summaries_fits_into_a_mail() -> None:
    many = [compare(scenario(f"case-{n}"), ran(PARTIAL), ran(REFUSED)) for n in range(30)]
    causes = [replace(item.differences[0], cause=(f"some-change-{n}",)) for n, item in enumerate(many)]
    items = [replace(item, differences=(cause,)) for item, cause in zip(many, causes, strict=True)]
    layout = vma("src", 0, 1, flags=("accounted", "uffd-missing"))
    pages = [replace(layout, start=n) for n in range(12)]
    plain = [replace(one, flags=()) for one in pages]
    one, two = (outcome(mappings=tuple(mappings), src="A" * 12) for mappings in (pages, plain))
    items.append(compare(scenario("layout"), ran(one), ran(two)))
    texts = [
        rendered("table", "compare", [kernel("6.17-rc2"), kernel("6.17")], items, style=Style(detail=1)),
        rendered("table", "compare", [kernel("6.17-rc2"), kernel("6.17")], items),
        rendered("table", "matrix", [kernel(f"6.{n}") for n in range(1, 20)], []),
        "\n".join(trace_block([Note("check_flags", "word " * 30, "early-failure"), Note("look_up", "")])),
    ]
    for text in texts:
        assert max(map(len, text.splitlines())) <= 78, text
    assert "uffd-\n" not in texts[0]
    numbers = texts[0].partition("caused by: ")[2].splitlines()
    assert len(numbers) > 2 and all(line.strip().startswith("1 ") for line in numbers)


def test_a_suspected_model_is_named() -> None:
    item = replace(compare(scenario(), ran(PARTIAL), ran(REFUSED)), suspects=(Suspect("live", "6.17-early-failure"),))
    text = rendered("table", "compare", [kernel("6.17"), kernel("6.18")], [item])
    assert (
        "suspected: live does not do what the model of its version does, but what" in text
        and "6.17-early-failure" in text
    )


def test_other_boundaries_are_shown_though_the_drawings_are_alike() -> None:
    one = outcome(mappings=(vma("src", 0, 6),), src="AAAAAA")
    two = outcome(mappings=(vma("src", 0, 3), vma("src", 3, 3)), src="AAAAAA")
    text = rendered("table", "compare", [kernel("6.12"), kernel("6.16")], [compare(scenario(), ran(one), ran(two))])
    assert "  layout: other mappings in src: 0+6 -> 0+3 3+3\n" in text


def test_nothing_is_drawn_where_only_the_boundaries_differ_however_long_a_kernel_is_called() -> None:
    one = outcome(mappings=(vma("src", 0, 6),), src="AAAAAA")
    two = outcome(mappings=(vma("src", 0, 3), vma("src", 3, 3)), src="AAAAAA")
    item = compare(scenario(), ran(one), ran(two))
    for long in ("x", "x" * 500):
        assert comparison_drawing(item, [kernel("6.12"), replace(kernel("6.16"), reference=long)], brief=True) == []


def test_long_regions_are_shortened() -> None:
    src = "A" * 512 + "BB"
    item = compare(scenario(src=src, dst=""), ran(outcome(src=src)), ran(outcome("refused", "EFAULT", src=src)))
    text = lines(rendered("table", "compare", [kernel("6.16"), kernel("6.17")], [item]))
    assert "    src      A{512}BB  A{512}BB  A{512}BB" in text


def test_words_of_a_file_are_no_commands_for_the_terminal() -> None:
    item = judge(scenario(summary="a\x1b[31mb\nc", expect=(expectation(),)), ran(MOVED), kernel().version)
    assert "a?[31mb c" in rendered("table", "run", [kernel()], [item])


def test_a_terminal_is_as_wide_as_it_is() -> None:
    item = judge(scenario(summary="word " * 40, expect=(expectation(),)), ran(MOVED), kernel().version)
    for width in (60, 78, 200):
        text = rendered("table", "run", [kernel()], [item], style=Style(width=width, terminal=True))
        (line,) = [line for line in text.splitlines() if line.startswith("pass")]
        assert len(line) == min(width, len(line)) and (line.endswith("...") or width == 200)
    assert "word " * 39 in rendered("table", "run", [kernel()], [item])


def test_what_is_too_ragged_for_columns_is_stacked() -> None:
    src = "AB." * 15
    item = compare(scenario(src=src, dst=""), ran(outcome(src=src)), ran(outcome("refused", "EFAULT", src=src)))
    text = lines(rendered("table", "compare", [kernel("6.16"), kernel("6.17")], [item]))
    start = text.index(f"    src      before  {src}")
    assert text[start + 1] == f"             6.16    {src}"
    assert "  ! returns  6.16    dst" in text


def test_lines_fit_into_a_mail() -> None:
    case = scenario("a-long-name-of-a-scenario-that-goes-on", expect=REFUSED_EXPECTED, summary="word " * 40)
    item = judge(case, ran(PARTIAL), kernel().version)
    assert max(map(len, rendered("table", "run", [kernel()], [item]).splitlines()[3:])) <= 80
    other = compare(case, ran(DAMAGED), ran(REFUSED))
    assert max(map(len, rendered("table", "compare", [kernel("6.16"), kernel()], [other]).splitlines())) <= 80


def test_a_matrix_says_why_kernels_have_no_drawing() -> None:
    case = scenario()
    executions = [Execution("skip", None, "no mseal before 6.10"), ran(MOVED)]
    cells = [judge(case, each, kernel().version) for each in executions]
    text = rendered("table", "matrix", [kernel("6.9"), kernel("6.10")], [row(case, cells)])
    assert "    skip, <=6.9: no mseal before 6.10\n" in text
    without = rendered("table", "matrix", [kernel("6.9")], [row(case, cells[:1])])
    assert "skip       case  skip all\n\n    skip, all: no mseal before 6.10\n\n1 scenario" in without


def test_a_matrix_folds_neighbours() -> None:
    text = lines(rendered("table", "matrix", KERNELS, [eras()]))
    assert text[0] == "Kernels 6.1, 6.16, 6.17-rc1, 6.17-rc2, 6.17, 6.18"
    assert text[2:5] == [
        "pass       case  EFAULT damaged <=6.16",
        "                 EFAULT partial 6.17-rc1 .. 6.17-rc2",
        "                 EFAULT refused >=6.17",
    ]
    alike = rendered("table", "matrix", KERNELS, [row(scenario(), eras().cells[:1] * 6)])
    assert "unchecked  case  EFAULT damaged all\n" in alike


def test_a_range_is_of_one_kind_of_kernel_whose_versions_ascend() -> None:
    arm64 = replace(kernel("6.12@arm64"), platform=PLATFORMS["arm64"])
    row_of_kernels = [kernel("6.12"), arm64, kernel("6.16"), kernel("6.18"), kernel("6.17"), kernel("6.19", "vm")]
    assert named(range(6), row_of_kernels) == "6.12 .. 6.18, 6.17, 6.12@arm64, 6.19"
    assert named([0, 3], row_of_kernels) == "6.12, 6.18"
    assert named([1], row_of_kernels) == "6.12@arm64"


def test_one_kernel_is_no_kernels() -> None:
    item = row(scenario(), eras().cells[:1])
    assert lines(rendered("table", "matrix", [kernel("6.1")], [item]))[0] == "Kernel 6.1"


def test_a_long_row_of_models_is_named_by_its_ends() -> None:
    models = [kernel(f"6.{minor}", executor="model") for minor in range(1, 31)]
    item = row(scenario(), eras().cells[:1] * 30)
    assert lines(rendered("table", "matrix", models, [item]))[0] == "Kernels 6.1 to 6.30, 30 models"
    named = lines(rendered("table", "matrix", [*models[:-1], kernel("6.30", executor="vm")], [item]))
    assert named[0].startswith("Kernels 6.1, 6.2, ")


def test_conditions_stand_above_the_calls() -> None:
    case = scenario(process=Process(fork=True, map_headroom=3))
    item = judge(case, ran(PARTIAL), kernel().version)
    text = [line.strip() for line in lines(rendered("table", "run", [kernel()], [item]))]
    at = text.index("in a forked child")
    assert text[at - 1] == "3 map slots left" and text[at + 1].startswith("mremap(")


@pytest.mark.parametrize("name", FORMATS)
def test_colours_are_only_where_asked_for(name: str) -> None:
    item = judge(scenario(expect=REFUSED_EXPECTED), ran(PARTIAL), kernel().version)
    assert "\x1b" not in rendered(name, "run", [kernel()], [item])
    coloured = "\x1b" in rendered(name, "run", [kernel()], [item], style=Style(True))
    assert coloured is (name == "table")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "out", "environ", "expected"),
    [
        ("always", io.StringIO(), {"NO_COLOR": "1"}, True),
        ("never", Terminal(), {"FORCE_COLOR": "1"}, False),
        ("auto", Terminal(), {}, True),
        ("auto", io.StringIO(), {}, False),
        ("auto", Terminal(), {"NO_COLOR": "1"}, False),
        ("auto", Terminal(), {"NO_COLOR": ""}, True),
        ("auto", Terminal(), {"TERM": "dumb"}, False),
        ("auto", io.StringIO(), {"FORCE_COLOR": "1"}, True),
        ("auto", io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_when_colours_are_wanted(choice: str, out: io.StringIO, environ: dict[str, str], expected: bool) -> None:
    assert wants_colours(choice, out, environ) is expected


def test_what_both_sides_skip_is_a_number_and_what_one_skips_has_its_names() -> None:
    skip = Execution("skip", None, "no mseal before 6.10")
    names = ("6.1", "6.17")
    items = [compare(scenario(f"sealed-{n}"), skip, skip, names) for n in range(3)]
    items += [compare(scenario(f"newer-{n}"), skip, ran(MOVED), names) for n in range(2)]
    text = rendered("table", "compare", [kernel("6.1"), kernel()], items)
    assert "5 scenarios: 5 skipped\nskipped on both sides: 3\n" in text
    assert "skipped, 6.1: no mseal before 6.10: newer-0, newer-1\n" in text and "sealed" not in text


def test_changed_pages_are_what_is_coloured() -> None:
    item = compare(scenario(), ran(PARTIAL), ran(REFUSED))
    style = Style(True)
    text = rendered("table", "compare", [kernel("6.17-rc2"), kernel("6.17")], [item], style=style)
    assert style.paint("bad", "..") + "BB.C" in text and style.paint("bad", "AA") + "BB.C" in text


def test_a_recording_is_called_by_its_release_beside_another() -> None:
    a, b = (
        replace(kernel(version, "recorded", None), reference=f"recorded:/x/{version}.json")
        for version in ("6.1", "6.17")
    )
    item = compare(scenario(), ran(PARTIAL), ran(REFUSED))
    assert "before  A (6.1)  B (6.17)" in rendered("table", "compare", [a, b], [item])
    assert 'name="A (6.1) against B (6.17)"' in rendered("junit", "compare", [a, b], [item])
    assert "| A (6.1) | B (6.17) |" in rendered("markdown", "compare", [a, b], [item])
