"""The shipped scenarios: each loads without a word, says what every kernel does, and is right about it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from mremapcheck.compare.matrix import default_kernels
from mremapcheck.executors.judge import judge_all
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import Result
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.lint import lint
from mremapcheck.scenario.loader import load_file, load_paths

FILES = sorted(shipped().rglob("*.yaml"))

#: Every kernel that a matrix has by default (where the model changes, candidates too), and some stable updates.
ERAS = (
    *(*default_kernels(), "6.1.3", "6.1.11", "6.1.192", "6.12.117", "6.12.118"),
    *("6.17.13", "6.18.12", "7.2.12", "7.3.4"),
)

#: Why a kernel may skip a shipped scenario: it is older than what the scenario is about.
SINCE = {
    feature: KernelVersion.parse(first)
    for feature, first in {
        "uffd-wp": "5.7-rc1",
        "uffd-minor": "5.14-rc1",
        "mseal": "6.10-rc1",
        "guard": "6.13-rc1",
    }.items()
}

#: The first kernel that has what these are about.
FIRST = {
    name: KernelVersion.parse(first)
    for name, first in {
        "madvise-populate": "5.14-rc1",
        "minor-faults-after-a-move": "5.14-rc1",
        "anon-names": "5.17-rc1",
        "dontneed-locked": "5.18-rc1",
        "uffd-wp-shmem": "5.19-rc1",
        "write-protected-memfd-moves": "5.19-rc1",
        "secret-by-default": "6.5-rc1",
        "secret-grows-to-the-limit": "6.5-rc1",
        "droppable": "6.11-rc1",
        "droppable-is-never-locked": "6.11-rc1",
        "guard-pages-in-files": "6.15-rc1",
    }.items()
}

#: The kernels that have what these are about, where a release lost it again.
RANGES = {
    "write-sealed-memfd": tuple(
        map(
            KernelRange.parse,
            (">=6.1.149, <6.2-rc1", ">=6.7-rc1, <6.12.0", ">=6.12.9, <6.13-rc1", ">=6.13-rc6"),
        )
    ),
}

#: What lint finds no good is what these are about.
DELIBERATE = {"address-zero", "five-gigabytes-move", "garbage-fifth-argument", "luajit-hint"}

COMMIT = r"[0-9a-f]{12}"
MESSAGE_ID = r"[^\s<>@]+@[^\s<>@]+"
LINK = r"https://\S+"


@cache
def scenarios() -> tuple[Scenario, ...]:
    return load_paths([shipped()]).scenarios


def told(result: Result) -> str:
    return " ".join([result.scenario.name, result.status, result.reason or "", *map(str, result.mismatches)])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_file_is_one_scenario_that_is_fit_to_be_copied(path: Path) -> None:
    loaded = load_file(path)
    assert not loaded.problems
    (scenario,) = loaded.scenarios
    assert scenario.name == path.stem
    if scenario.name not in DELIBERATE:
        assert not lint(scenario)
    assert 20 < len(scenario.summary) <= 130
    assert not scenario.summary.endswith(".")
    assert scenario.cite
    for source in scenario.cite:
        assert re.fullmatch(f"{COMMIT}|{MESSAGE_ID}|{LINK}", source)
    unexpected = [era for era in ERAS if not any(KernelVersion.parse(era) in entry.kernel for entry in scenario.expect)]
    assert not unexpected


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_file_begins_with_the_editors_modeline(path: Path) -> None:
    first = path.read_text().partition("\n")[0]
    place = first.removeprefix("# yaml-language-server: $schema=")
    assert place != first
    assert (path.parent / place).resolve().is_file()


def test_names_are_unique_and_there_are_many() -> None:
    loaded = load_paths([shipped()])
    assert not loaded.problems
    assert len(loaded.scenarios) == len(FILES) >= 100


@pytest.mark.parametrize("era", ERAS)
def test_model_does_what_is_expected(era: str) -> None:
    version = KernelVersion.parse(era)
    wrong = []
    with open_executor(era) as executor:
        for result in judge_all(executor, scenarios()):
            lacking = [since for feature, since in SINCE.items() if feature in result.scenario.features]
            lacking += [FIRST[result.scenario.name]] if result.scenario.name in FIRST else []
            ranges = RANGES.get(result.scenario.name)
            lacks = any(version < since for since in lacking) or (
                ranges and not any(version in each for each in ranges)
            )
            wanted = "skip" if lacks else "pass"
            if result.status != wanted:
                wrong.append(told(result))
    assert not wrong


def test_running_kernel_does_what_is_expected() -> None:
    with open_executor("live") as executor:
        results = list(judge_all(executor, scenarios()))
    wrong = [told(result) for result in results if result.status in ("fail", "error")]
    assert not wrong
    assert all(result.reason for result in results if result.status == "skip")
    assert sum(result.status == "pass" for result in results) > len(results) / 2


def test_running_kernel_and_its_model_agree_on_everything() -> None:
    with open_executor("live") as executor:
        release = str(executor.kernel.version)
        seen = list(executor.run(scenarios()))
    with open_executor(release) as model:
        simulated = list(model.run(scenarios()))
    differ = [
        scenario.name
        for scenario, real, model_s in zip(scenarios(), seen, simulated, strict=True)
        if real.status != "skip" and real.to_json() != model_s.to_json()
    ]
    assert not differ
