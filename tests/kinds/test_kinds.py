"""Every kind of mapping in every part of the program: one that lacks something fails here by its name."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mremapcheck.campaign.generator import Generator
from mremapcheck.cli.main import call
from mremapcheck.docs.reference import PARTS
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.platforms import PLATFORMS
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.picture import show
from tests.tools import tool

HUGE = 512


def scenario(kind: str) -> Scenario:
    """Return one that moves a mapping of this kind, as long as there are such."""
    pages = KINDS[kind].sampling.pages or (HUGE if KINDS[kind].backing.unit > 4096 else 2)
    region = {"align": "2M"} if pages == HUGE else {}
    move = {"old_address": "src", "old_size": f"{pages}p", "flags": "MAYMOVE|FIXED", "new_address": "dst"}
    drawn = {"src": {"pages": f"A{{{pages}}}", **region}, "dst": {"pages": f".{{{pages}}}", **region}}
    return parse_document({"name": kind, "map": drawn, "vmas": {"A": {"kind": kind}}, "moves": [move]})


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_says_what_it_is(kind: str) -> None:
    assert KINDS[kind].about and KINDS[kind].name == kind
    assert kind in show(scenario(kind))
    assert f"`{kind}`" in PARTS["kinds"]()


@pytest.mark.parametrize("reference", ["5.4", "6.12", "7.3"])
def test_models_run_it(kind: str, reference: str) -> None:
    with ModelExecutor(resolve(reference)) as model:
        (execution,) = model.run([scenario(kind)])
    if execution.status == "skip":
        since = KINDS[kind].since
        assert since is not None and execution.reason == since[1]
        return
    assert execution.outcome is not None, execution.reason
    assert {mapping.backing for mapping in execution.outcome.mappings} == {KINDS[kind].backing.reported}


def test_the_running_kernel_runs_it(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{kind}.json"
    path.write_text(json.dumps(dict(scenario(kind).document)))
    assert call(["run", "--format", "json", str(path)]) in (0, 4)
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["status"] in ("unchecked", "skip"), result["reason"]


@pytest.mark.parametrize("compiler", ["cc", *dict.fromkeys(each.compiler for each in PLATFORMS.values())])
def test_it_is_exported(kind: str, compiler: str, tmp_path: Path) -> None:
    cc = shutil.which(compiler) or (tool("cc") if compiler == "cc" else pytest.skip(f"there is no {compiler}"))
    path = tmp_path / f"{kind}.yaml"
    path.write_text(json.dumps(dict(scenario(kind).document)))
    for command in (["export", "--c"], ["pack"]):
        source = tmp_path / f"{command[0]}.c"
        assert call([*command, str(path), "-o", str(source)]) == 0
        subprocess.run([cc, "-fsyntax-only", "-Wall", "-Werror", str(source)], check=True)


def test_random_scenarios_have_it(kind: str) -> None:
    generator = Generator(0, costly=100)
    drawn = {generator.sampler.kind(random.Random(number)) for number in range(20_000)}
    assert kind in drawn or KINDS[kind].feature == "hugetlb"


def test_letters_do_not_share_what_they_hold(kind: str) -> None:
    if not KINDS[kind].touched or KINDS[kind].sampling.pages or KINDS[kind].backing.unit > 4096:
        pytest.skip("it holds nobody's data, or there is one of it, or it is of huge pages")
    move = {"old_address": "src", "old_size": "2p", "flags": 0}
    document = {"name": kind, "map": {"src": "AABB"}, "vmas": {letter: {"kind": kind} for letter in "AB"}}
    execution = ModelExecutor(resolve("7.3")).execute(parse_document({**document, "moves": [move]}))
    assert execution.outcome is not None and execution.outcome.regions["src"] == "AABB"
