"""The model against what real kernels came to when memory ran out, recorded so that no kernel need boot.

Each file is what ``mremapcheck faults scenarios/ --kernel vm:IMAGE --format json`` wrote; ``help faults`` says how such
a kernel is built. What scenarios have been changed since then, or are new, is not asked of it.
"""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.sweep import sweep
from mremapcheck.report.schema import json_schema
from tests import shipped

ROOT = Path(__file__).parent.parent
RECORDED = {path.name.removesuffix(".json.xz"): path for path in (ROOT / "tests/data/faults").glob("*.json.xz")}
_KEY = ("errno", "result", "verdict", "regions")


@cache
def report(name: str) -> dict[str, Any]:
    with lzma.open(RECORDED[name]) as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


def keys(move: dict[str, Any]) -> set[str]:
    return {json.dumps([each[key] for key in _KEY]) for each in move["outcomes"]}


def test_kernels_of_both_eras_are_recorded() -> None:
    assert {name.split(".")[0] for name in RECORDED} == {"6", "7"}


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_report_has_its_schema(name: str) -> None:
    Draft202012Validator(json_schema("faults")).validate(report(name))


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_model_allows_all_that_the_kernel_showed(name: str) -> None:
    recorded = {result["digest"]: result for result in report(name)["results"]}
    scenarios = [each for each in shipped.scenarios() if each.digest in recorded]
    ran = [each for each in scenarios if recorded[each.digest]["moves"]]
    wrong = []
    for swept in sweep(ModelExecutor(resolve(name)), ran):
        for mine, theirs in zip(swept.moves, recorded[swept.scenario.digest]["moves"], strict=True):
            unknown = keys(theirs) - keys(mine.to_json())
            wrong += [f"{swept.scenario.name}: moves[{mine.index}]: {each}" for each in sorted(unknown)]
            wrong += [f"{swept.scenario.name}: {report}" for report in theirs["reports"]]
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:10])
    assert len(ran) > 300


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_memory_did_run_out(name: str) -> None:
    moves = [move for result in report(name)["results"] for move in result["moves"]]
    failed = [move for move in moves if any(not outcome["usual"] for outcome in move["outcomes"])]
    assert len(failed) > 150
    assert any(move["source_lost"] for move in failed) and any(move["destination_lost"] for move in failed)
    assert any(move["half_moved"] for move in failed) == (name > "6.17")
