"""A campaign on a real scheduler with two workers on loopback comes out as on this machine alone."""

from __future__ import annotations

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.campaign import pool as pool_module
from mremapcheck.campaign.campaign import Totals, run
from mremapcheck.campaign.pool import pool
from tests.campaign.test_campaign import campaign, plan
from tests.waiting import PATIENCE

dask = pytest.importorskip("dask")
distributed = pytest.importorskip(
    "distributed", reason="dask.distributed is not installed: pip install 'mremapcheck[cluster]'"
)


def test_two_workers_find_what_one_process_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_PATIENCE", PATIENCE)
    patient = {f"distributed.comm.timeouts.{what}": f"{PATIENCE:.0f}s" for what in ("connect", "tcp")}
    with (
        dask.config.set(patient),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as cluster,
    ):
        tally = Totals()
        with pool(1, cluster.scheduler_address) as (executor, workers):
            assert workers == 2
            for _ in run(plan(count=400), executor, workers, tally):
                pass
    assert tally.to_json() == campaign(plan(count=400)).to_json()


def test_no_scheduler_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_PATIENCE", 0.5)
    with pytest.raises(ExecutorError, match="no dask scheduler answers"), pool(1, "tcp://127.0.0.1:1"):
        pass
