"""In every environment a scenario has its usual outcome, or a reason and what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mremapcheck.linux.sandbox import REMEDY
from tests.environment.environments import ENVIRONMENTS, ROOT, SANDBOX, USER, Ended, call, judge, python_of, run, write
from tests.tools import tool


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


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "--kernel", "6.17", "--only", "shrink*"], 0),  # the shipped ones
        (["run", "--kernel", "6.17", "x.yaml"], 2),
        (["run", "--kernel", "vm:6.12"], 2),
        (["compare", "--kernel", "6.17", "vm:bzImage"], 2),
        (["compare", "--kernel", "6.17", "recorded:x.json"], 2),
        (["lint", "x.yaml"], 2),
        (["identify", "6.17", "early-failure"], 0),
        (["kernels", "add", "bzImage"], 2),
        (["import", "x.log"], 2),
        (["record", "-o", "out", "--", "/bin/true"], 74),
        (["init", "x.yaml"], 74),
        (["fuzz", "--kernel", "6.16", "--against", "6.16", "--count", "1", "--out", "out"], 74),
    ],
)
def test_a_current_folder_that_may_not_be_entered(tmp_path: Path, arguments: list[str], code: int) -> None:
    """Before Python 3.14 it raises PermissionError whether there is a file."""
    tmp_path.chmod(0o700 if os.geteuid() == 0 else 0)
    settings = [USER] if os.geteuid() == 0 else []
    python = python_of(settings)
    if not python:
        pytest.skip("an ordinary user may not start any Python here")
    ended = call(settings, *arguments, python=python, cwd=tmp_path)
    tmp_path.chmod(0o700)
    assert ended.returncode == code, ended.stderr
    said = ended.stdout + ended.stderr
    assert code == 0 or "error: " in said or "mremapcheck: " in said
    assert "bug" not in said and "[Errno" not in said


@pytest.mark.parametrize("name", ["no forks", "clone3: EPERM"])
def test_nothing_is_recorded_where_no_process_can_be_started(name: str) -> None:
    tool("strace")
    ended = call(ENVIRONMENTS[name], "record", "--", "/bin/true")
    assert ended.returncode == 4
    assert "cannot be started: " in ended.stderr or "does not start" in ended.stderr
    assert "hint: it needs processes: raise RLIMIT_NPROC" in ended.stderr


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    command = ["/bin/sh", "-c", f'cd {folder} && rmdir {folder} && exec "$@"', "-"]
    command += [sys.executable, "-m", "mremapcheck", "record", "-o", "out", "--", "/bin/true"]
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert (ended.returncode, ended.stderr) == (
        2,
        "mremapcheck: the current folder is there no more\n  hint: change to one that is\n",
    )


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
