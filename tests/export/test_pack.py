"""The conformance pack, compiled and run: it must see what the live executor sees, and expect what scenarios expect."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mremapcheck.base.errors import ScenarioError
from mremapcheck.campaign.generator import Generator
from mremapcheck.convert.export.generate import pack_of, pack_one
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.pack import Packed
from mremapcheck.convert.export.words import Fact, seen_facts
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_file, load_paths
from mremapcheck.scenario.parse import parse_document
from tests.export.programs import Pack, Test

MOVE = {"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
PLAIN = {"summary": "one mapping moves", "map": {"src": "AA", "dst": "X."}, "moves": [MOVE]}


#: What may come of either where other processes are about.
DISTURBED = "other processes change Committed_AS"


def live(scenarios: list[Scenario]) -> list[Execution]:
    with LiveExecutor() as executor:
        return list(executor.run(scenarios))


def disagreements(scenarios: list[Scenario], executions: list[Execution], tests: dict[str, Test]) -> list[str]:
    """Return what a pack and the live executor do not say alike."""
    found = []
    for scenario, execution in zip(scenarios, executions, strict=True):
        test = tests[scenario.name]
        if execution.status == "error" and "SIGSEGV" in (execution.reason or ""):
            continue  # an interpreter cannot live without its vdso
        if DISTURBED in (execution.reason or "") or DISTURBED in test.directive:
            continue
        if execution.outcome is not None:
            facts = tuple(f"{fact.where}: {fact.text}" for fact in seen_facts(execution.outcome))
            if facts != test.facts:
                found += [f"{scenario.name}: {line}" for line in sorted({*facts} ^ {*test.facts})]
        else:
            directive = f"{execution.status.upper()} "
            reason = (execution.reason or "").rpartition("): ")[2]
            if not test.directive.startswith(directive) or reason.partition(" (does")[0] not in test.directive:
                found.append(f"{scenario.name}: {execution.status} {execution.reason} | {test.directive}")
    return found


@pytest.fixture(scope="module")
def corpus() -> list[Scenario]:
    return list(load_paths([shipped()]).scenarios)


@pytest.fixture(scope="module")
def executions(corpus: list[Scenario]) -> list[Execution]:
    return live(corpus)


@pytest.fixture(scope="module")
def whole(corpus: list[Scenario], tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return Pack(pack_of(corpus), tmp_path_factory.mktemp("pack") / "pack", optimize="-O1")


def test_the_whole_corpus_sees_what_the_live_executor_sees(
    corpus: list[Scenario], executions: list[Execution], whole: Pack
) -> None:
    assert disagreements(corpus, executions, whole.tests("--verbose")) == []


@pytest.mark.parametrize("version", [None, "6.12", "6.17-rc1"])
def test_the_whole_corpus_is_judged_as_the_tool_judges(
    corpus: list[Scenario], executions: list[Execution], whole: Pack, version: str | None
) -> None:
    tests = whole.tests(*(["--as", version] if version else []))
    held = KernelVersion.parse(version or os.uname().release)
    for scenario, execution in zip(corpus, executions, strict=True):
        result = judge(scenario, execution, held)
        good = result.status in ("skip", "pass")
        if DISTURBED in (execution.reason or "") or DISTURBED in tests[scenario.name].directive:
            continue
        assert tests[scenario.name].good == good, scenario.name


def test_exit_codes_lists_and_patterns(whole: Pack, corpus: list[Scenario]) -> None:
    listed = whole.run("--list")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [scenario.name for scenario in corpus]
    names = [scenario.name for scenario in corpus if "uffd-first" in scenario.name]
    assert list(whole.tests("--only", "uffd-first")) == names
    assert list(whole.tests("--only", "uffd-fi?st")) == ["uffd-first"]
    assert whole.run("--only", "nothing-of-this-name").returncode == 4
    assert whole.run("--only", "uffd-first", "--as", "6.12").returncode == 1
    assert whole.run("--nonsense").returncode == 2
    wrong = whole.run("--as", "next-20250814")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "is not a kernel version" in wrong.stderr
    for version, reason in (("9.9", "the newest"), ("4.4", "the oldest"), ("5.99", "5.19 was followed by 6.0")):
        refused = whole.run("--as", version)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert reason in refused.stderr
    assert "--as VERSION" in whole.run("--help").stdout


@pytest.mark.parametrize("seed", [7, 8])
def test_random_scenarios_look_the_same_to_both(seed: int, tmp_path: Path) -> None:
    generator = Generator(seed)
    scenarios = []
    for number in range(120):
        try:
            scenarios.append(parse_document(generator.document(number)))
        except ScenarioError:
            continue
    assert len(scenarios) > 100
    pack = Pack([pack_one(scenario, []) for scenario in scenarios], tmp_path / "random")
    assert disagreements(scenarios, live(scenarios), pack.tests("--verbose")) == []


RANGES = [
    *("*", "6.17", "<6.17", "<=6.17", ">6.17", ">=6.17", "==6.17", "!=6.17", "6.17.0", "<6.17.0", "<=6.17.0"),
    *(">=6.17-rc1, <6.17-rc3", "<6.17-rc1", ">=6.17-rc3", "==6.17-rc2", "!=6.17.3", ">6.17.3", ">=5.4, <=5.15"),
    *(">=6.1.3, <6.2", "<=6.1.2", ">6.16, <7.1-rc1", "==7.0", ">=5.10, !=6.12, <6.18"),
]
VERSIONS = [
    *("5.4", "5.10.32", "5.15", "6.1.2", "6.1.3", "6.12", "6.16.12", "6.17-rc1", "6.17-rc2", "6.17-rc3", "6.17"),
    *("6.17.3", "6.17.13", "6.18", "7.0", "7.1-rc1", "7.3.4", "v6.17-rc2", "6.17.0-rc3+", "6.17.0-8-generic"),
    *("5.14.0-503.el9.x86_64", "6.1.0-50-cloud-amd64"),
]


def test_ranges_of_kernels_mean_what_they_mean_in_scenarios(tmp_path: Path) -> None:
    """Each scenario expects the impossible of one range: it fails just where the version lies in it."""
    impossible = (Fact("moves[0].errno", "EXDEV"),)
    packed = [
        Packed(parse_document({**PLAIN, "name": f"range-{index}"}), [ExpectedFacts(text, impossible)])
        for index, text in enumerate(RANGES)
    ]
    pack = Pack(packed, tmp_path / "ranges")
    for version in VERSIONS:
        tests = pack.tests("--as", version)
        for index, text in enumerate(RANGES):
            inside = KernelVersion.parse(version) in KernelRange.parse(text)
            assert tests[f"range-{index}"].good != inside, (version, text)


def test_what_differs_is_said_as_the_tool_says_it(tmp_path: Path) -> None:
    wanted = [
        ExpectedFacts("*", (Fact("regions.dst", "A{20}"), Fact("moves[0].result", "src"), Fact("events", "none")))
    ]
    tests = Pack([Packed(parse_document({**PLAIN, "name": "wrong"}), wanted)], tmp_path / "wrong").tests()
    assert tests["wrong"].notes[1:] == (
        "regions.dst: expected A{20}, seen AA",
        "moves[0].result: expected src, seen dst",
    )


def test_what_cannot_be_carried_out_is_skipped_with_its_reason(tmp_path: Path) -> None:
    beyond = {"old_address": "src", "old_size": "2p", "new_address": "0x7ffffffff000", "flags": "MAYMOVE|FIXED"}
    scenarios = [
        parse_document({**PLAIN, "name": "good"}),
        parse_document({**PLAIN, "name": "bad", "moves": [beyond]}),
    ]
    packed = [pack_one(scenarios[0], []), Packed(scenarios[1], [], "no reason to do this")]
    pack = Pack(packed, tmp_path / "skips")
    tests = pack.tests()
    assert tests["bad"].directive == "SKIP no reason to do this"
    assert tests["good"].notes[-1] == "nothing is expected of this kernel"
    assert pack.run("--only", "bad").returncode == 4


def test_an_advice_that_is_not_for_such_memory_is_none_that_the_kernel_lacks(tmp_path: Path) -> None:
    remove = {"op": "madvise", "address": "src", "size": "1p", "advice": "remove"}
    wanted = [ExpectedFacts("*", (Fact("moves[0].result", "dst"), Fact("counters.total", "2p")))]
    refused = parse_document({**PLAIN, "name": "refused", "moves": [{**remove, "errno": "EINVAL"}, MOVE]})
    (test,) = Pack([Packed(refused, wanted)], tmp_path / "advice").tests().values()
    assert (test.good, test.directive) == (True, "")


def test_a_scenario_that_dies_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    touch = {"op": "touch", "address": "src", "size": "1p", "letter": "A"}
    data = {**PLAIN, "name": "breaks", "moves": [{"op": "munmap", "address": "src", "size": "1p"}, touch, MOVE]}
    pack = Pack([Packed(parse_document(data), [])], tmp_path / "breaks")
    assert pack.tests()["breaks"].directive == "ERROR touch[0]: touch failed: EFAULT at page 0"
    assert pack.run().returncode == 1


def test_it_can_be_made_to_imitate(tmp_path: Path) -> None:
    wanted = [ExpectedFacts("6.12", (Fact("moves[0].errno", "EXDEV"),))]
    pack = Pack([Packed(parse_document({**PLAIN, "name": "one"}), wanted)], tmp_path / "imitates", "6.12")
    assert not pack.tests()["one"].good
    assert pack.tests("--as", "6.13")["one"].good
    assert "expecting Linux 6.12" in pack.run().stdout


@pytest.mark.parametrize("name", ["auto", "main-loop", "p", "reader"])
def test_names_that_c_would_not_take(name: str, tmp_path: Path) -> None:
    data = {
        "name": "odd",
        "summary": 'Quotes " and \\ and */ and ??/ and ü',
        "map": {name: "AA", "dst": ".."},
        "vmas": {"A": {"name": 'it"s'}},
        "moves": [{**MOVE, "old_address": name}],
    }
    scenario = parse_document(data)
    tests = Pack([pack_one(scenario, [])], tmp_path / "odd").tests("--verbose")
    assert disagreements([scenario], live([scenario]), tests) == []


def test_bits_of_page_table_entries_are_looked_at(tmp_path: Path) -> None:
    (scenario,) = load_file(next(shipped().rglob("write-protection-moves-with-events.yaml"))).scenarios
    wanted = [ExpectedFacts("*", (Fact("bits.uffd-wp.dst", "#-#-"), Fact("bits.uffd-wp.src", ".")))]
    tests = Pack([Packed(scenario, wanted)], tmp_path / "bits").tests()[scenario.name]
    if tests.directive:
        pytest.skip(tests.directive)
    assert tests.notes[1:] == ("bits.uffd-wp.dst: expected #-#-, seen -##-",)


def cut_in_the_middle() -> Scenario:
    """Return a scenario whose second move is put by most kernels into the hole that is in what was moved first."""
    away = {"old_address": "src", "old_size": "2p", "new_size": "2000p", "flags": "MAYMOVE"}
    cut = {"op": "munmap", "address": "elsewhere+500p", "size": "1000p"}
    moves = [away, cut, {**away, "old_address": "src+3p", "new_size": "1000p"}]
    return parse_document({"name": "reused", "map": {"src": "AAXBBX"}, "moves": moves})


def test_a_place_inside_another_that_was_left(tmp_path: Path) -> None:
    scenario = cut_in_the_middle()
    (test,) = Pack(pack_of([scenario]), tmp_path / "reused").tests("--verbose").values()
    assert (test.good, test.directive) == (True, "")
    assert "layout.elsewhere: 0+500 1500+500" in test.facts
    assert "layout.elsewhere2: 0+1000" in test.facts


def test_committed_memory_is_measured(tmp_path: Path) -> None:
    for expected, notes in (("-1p", []), ("0p", ["moves[0].committed: expected 0p, seen -1p"])):
        scenario = parse_document({**PLAIN, "name": "charged", "expect": [{"committed": expected}]})
        (test,) = Pack(pack_of([scenario]), tmp_path / f"charged{expected}").tests().values()
        if DISTURBED not in test.directive and "5.9 or later" not in test.directive:
            assert (test.good, list(test.notes[1:])) == (not notes, notes)
