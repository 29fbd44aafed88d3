"""What a campaign leaves in its folder: ready scenario files, and a state to go on from."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.campaign.campaign import Campaign, Totals, run
from mremapcheck.campaign.pool import pool
from mremapcheck.campaign.report import report_json, summary_lines
from mremapcheck.campaign.source import Random
from mremapcheck.campaign.state import Folder
from mremapcheck.scenario.parse import parse_document
from tests.campaign.fakes import opener


def plan(count: int, seed: int = 7) -> Campaign:
    return Campaign("even", "broken", Random(seed), count, shard_size=100, opener=opener)


def go(path: Path, wanted: Campaign, resume: bool = False) -> Totals:
    folder = Folder(path, wanted)
    tally = folder.start(resume)
    with pool(1) as (executor, jobs):
        for groups in run(wanted, executor, jobs, tally):
            folder.found(groups)
    folder.save(tally, now=True)
    return tally


def test_every_group_is_a_scenario_file_that_loads(tmp_path: Path) -> None:
    tally = go(tmp_path, plan(400))
    files = {path.stem: path for path in tmp_path.glob("*.yaml")}
    assert set(files) == {group.name for group in tally.groups}
    for group in tally.groups:
        text = files[group.name].read_text()
        document = yaml.safe_load(text)
        parse_document(document)
        assert document["map"] == group.mismatch.smallest["map"]
        assert document["moves"] == group.mismatch.smallest["moves"]
        assert document.get("vmas", {}) == group.mismatch.smallest.get("vmas", {})
        comments = [line for line in text.splitlines() if line.startswith("#")]
        assert "# even:" in comments
        assert "# broken:" in comments


def test_a_campaign_goes_on_where_it_stood(tmp_path: Path) -> None:
    first = go(tmp_path / "parts", plan(300))
    assert first.done == 300
    parts = go(tmp_path / "parts", plan(600), resume=True)
    whole = go(tmp_path / "whole", plan(600))
    assert parts.to_json() == whole.to_json()
    named = [sorted(path.name for path in folder.iterdir()) for folder in (tmp_path / "parts", tmp_path / "whole")]
    assert named[0] == named[1]


@pytest.mark.parametrize(("seed", "resume", "said"), [(7, False, "holds a campaign"), (8, True, "another campaign")])
def test_another_campaign_is_never_overwritten(tmp_path: Path, seed: int, resume: bool, said: str) -> None:
    go(tmp_path, plan(100))
    with pytest.raises(MremapcheckError, match=said):
        go(tmp_path, plan(100, seed), resume)


def test_a_foreign_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("[1")
    with pytest.raises(MremapcheckError, match="not the state of a campaign"):
        go(tmp_path, plan(100), resume=True)


def test_resuming_needs_a_folder() -> None:
    with pytest.raises(MremapcheckError, match="needs the folder"):
        Folder(None, plan(1)).start(resume=True)


def test_reports_depend_on_the_outcome_alone(tmp_path: Path) -> None:
    one, two = go(tmp_path / "1", plan(200)), go(tmp_path / "2", plan(200))
    assert report_json(plan(200), one, {}) == report_json(plan(200), two, {})
    text = "\n".join(summary_lines(plan(200), one))
    assert f"{one.different:,} different" in text
    for group in one.groups:
        assert group.name in text
