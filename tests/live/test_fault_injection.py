"""What is said where allocations cannot be made to fail: the kernel was not built for it, or not set up."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.sweep import sweep
from mremapcheck.linux import fault_injection
from mremapcheck.linux.fault_injection import OPTIONS, FaultInjection
from mremapcheck.linux.numbers import SYS_MREMAP
from mremapcheck.linux.trouble import Trouble
from tests.live.conftest import scenario
from tests.live.test_user import as_nobody

SWEEP = """
import json, sys
sys.path.insert(0, sys.argv[1])
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.sweep import sweep
from mremapcheck.scenario.parse import parse_document
with LiveExecutor() as executor:
    scenarios = [parse_document(document) for document in json.load(sys.stdin)]
    print(json.dumps([{"status": swept.status, "reason": swept.reason} for swept in sweep(executor, scenarios)]))
"""
HERE = Path("/proc/thread-self/fail-nth").exists()


@pytest.mark.skipif(HERE, reason="this kernel has fault injection")
def test_a_kernel_without_it_names_the_options(live: LiveExecutor) -> None:
    (swept,) = sweep(live, [scenario()])
    assert swept.status == "skip" and all(option in (swept.reason or "") for option in OPTIONS)


@pytest.mark.skipif(HERE, reason="this kernel has fault injection")
def test_to_an_ordinary_user_too() -> None:
    document = {"map": {"src": "A"}, "moves": [{"old_address": "src", "old_size": "1p", "flags": 0}]}
    (swept,) = as_nobody([document], SWEEP)
    assert swept["status"] == "skip" and all(option in swept["reason"] for option in OPTIONS)


def reason(monkeypatch: pytest.MonkeyPatch, fail_nth: Path, debugfs: Path) -> str:
    """Return why no call can be made of which an allocation fails."""
    monkeypatch.setattr(fault_injection, "_FAIL_NTH", str(fail_nth))
    monkeypatch.setattr(fault_injection, "DEBUGFS", str(debugfs))
    with pytest.raises(Trouble) as caught:
        FaultInjection().call(1, (SYS_MREMAP, 0, 0, 0, 0, 0))
    return caught.value.skip


@pytest.fixture
def never_fails(tmp_path: Path) -> Path:
    """Takes numbers, and lets nothing fail."""
    path = tmp_path / "fail-nth"
    path.write_text("7\n")
    return path


def test_what_is_spared_is_root_to_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, never_fails: Path) -> None:
    (tmp_path / "empty").mkdir()
    for debugfs in (tmp_path / "nowhere", tmp_path / "empty"):  # it may not be looked at, or is not mounted
        told = reason(monkeypatch, never_fails, debugfs)
        assert "let root mount debugfs" in told and "N to failslab/ignore-gfp-wait" in told
        assert "0 to fail_page_alloc/min-order" in told and "verbose" not in told


def test_half_of_it_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, never_fails: Path) -> None:
    (tmp_path / "debug/failslab").mkdir(parents=True)
    assert "CONFIG_FAIL_PAGE_ALLOC" in reason(monkeypatch, never_fails, tmp_path / "debug")


def test_who_may_not_write_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "cannot be written: Permission denied" in reason(monkeypatch, tmp_path, tmp_path)
