"""In every environment a scenario has its usual outcome, or a reason and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mremapcheck.linux.sandbox import REMEDY
from tests.environment.environments import ENVIRONMENTS, SANDBOX, Ended, judge, python_of, run, write


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:  # not one of pytest's: an ordinary user reads it, too
        write(Path(name))
        yield Path(name)


@pytest.fixture(scope="module")
def usual(folder: Path) -> Ended:
    ended = run([], folder)
    assert ended.code == 0, ended.errors
    return ended


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments(name: str, folder: Path, usual: Ended) -> None:
    settings = ENVIRONMENTS[name]
    python = python_of(settings)
    if not python:
        pytest.skip("an ordinary user may not start any Python here")
    if subprocess.run(
        [sys.executable, SANDBOX, *settings, "--", "/bin/true"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this user may not set it up")
    assert not judge(run(settings, folder, python), usual)


@pytest.mark.parametrize("code", ["EPERM", "ENOSYS", "EINVAL", "EACCES"])
def test_without_mremap_nothing_runs_and_that_is_said_once(code: str, folder: Path) -> None:
    ended = run([f"refuse=mremap:{code}"], folder)
    assert ended.code == 4 and not ended.results
    assert ended.errors.count("mremap(2)") == 1
    assert "does not let mremap(2) through" in ended.errors and f"fails with {code}" in ended.errors


def test_what_a_container_refuses_is_skipped_by_name(folder: Path, usual: Ended) -> None:
    ended = run(ENVIRONMENTS["a container"], folder)
    skipped = {name: result["reason"] for name, result in ended.results.items() if result["status"] == "skip"}
    calls = {
        "attribute-seal": "mseal",
        "attribute-uffd": "userfaultfd",
        "kind-io-uring": "io_uring_setup",
        "kind-secret": "memfd_secret",
    }
    for name, called in calls.items():
        if usual.results[name]["status"] != "skip":
            assert skipped[name] == f"{called}(2) is refused here (EPERM): {REMEDY}"
