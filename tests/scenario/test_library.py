from __future__ import annotations

from pathlib import Path

import pytest

import mremapcheck
from mremapcheck.scenario.library import default_paths, shipped


def test_a_folder_called_scenarios_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_paths() == [shipped()]
    (tmp_path / "scenarios").mkdir()
    assert default_paths() == [Path("scenarios")]


def test_shipped_with_the_package_or_at_the_top_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mremapcheck"
    package.mkdir()
    monkeypatch.setattr(mremapcheck, "__file__", str(package / "__init__.py"))
    assert shipped() == tmp_path / "scenarios"
    (package / "scenarios").mkdir()
    assert shipped() == package / "scenarios"
