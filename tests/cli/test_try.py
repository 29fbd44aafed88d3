"""Asking without a file."""

from __future__ import annotations

import json

import pytest

from mremapcheck.cli.main import call
from mremapcheck.scenario.loader import load_bytes

WORDS = ["src=AABB.C", "dst=X.....", "B: anon-shared r", "mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)"]


def test_it_answers_as_since_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["try", *WORDS]) == 0
    told = capsys.readouterr().out
    assert "<=6.16: EFAULT damaged" in told and ">=6.17-rc1: moved" in told and "d23cb648e365" in told


def test_kernels_are_asked_as_matrix_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["try", *WORDS, "--kernel", "6.16", "6.17", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "mremapcheck.matrix/1"
    assert [cell["label"] for cell in told["results"][0]["cells"]] == ["EFAULT damaged", "moved"]


def test_the_scenario_can_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["try", *WORDS, "--yaml"]) == 0
    (scenario,) = load_bytes(capsys.readouterr().out.encode(), "kept.yaml").scenarios
    assert [region.name for region in scenario.regions] == ["src", "dst"]


@pytest.mark.parametrize(("more", "schema"), [([], "since"), (["--kernel", "6.17"], "matrix")])
def test_mistakes_are_told_in_the_report_that_was_asked_for(
    capsys: pytest.CaptureFixture[str], more: list[str], schema: str
) -> None:
    assert call(["try", "src=A", "mremap(src", *more, "--format", "json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == f"mremapcheck.{schema}/1" and told["results"] == [] and len(told["problems"]) == 1


def test_mistakes_have_hints(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["try", "src=A", "mreamp(src, 1p)", "mremap(src, 1p"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("command line: error: ") and "did you mean `mremap`?" in told


def test_kernels_that_are_asked_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["src=AABB", "dst=....", "B: uffd missing", "mremap(src, 4p, 4p, MAYMOVE|FIXED, dst)"]
    assert call(["try", *words, "--kernel", "6.17"]) == 0
    assert "src      AABB    ..BB" in capsys.readouterr().out
    assert call(["try", *words, "--kernel", "6.16", "6.17"]) == 0
    assert "src      AABB    AABB     ..BB" in capsys.readouterr().out


def test_the_keys_of_files_are_understood_too(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["src=AB", "A: kind memfd, offset 1p, prot r", "B: advice dontfork, name b", "mremap(src, 2p, 2p)"]
    assert call(["try", *words, "--yaml"]) == 0
    kept = capsys.readouterr().out
    assert "A: {kind: memfd, offset: 1p, prot: r}" in kept and "B: {advice: [dontfork], name: b}" in kept
