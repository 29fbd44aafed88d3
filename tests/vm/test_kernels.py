"""Real kernels in virtual machines: every shipped scenario against the model, and a real bisection."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.executors.vm.executor import VmExecutor
from mremapcheck.executors.vm.images.known import get
from mremapcheck.executors.vm.qemu import find_qemu
from tests import shipped
from tests.vm.agreement import agreement, recorded_versions
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.kernel


def _require(*names: str) -> None:
    """Skip where a kernel or QEMU is missing."""
    try:
        missing = ""
        for name in names:
            find_qemu(get(name).platform)
    except MremapcheckError as error:
        missing = error.message
    if missing:
        pytest.skip(missing)


@pytest.mark.parametrize("name", ["6.12", "6.16", "6.17", "6.18", "7.3", "6.17@arm64", "7.3@arm64-16k"])
def test_the_model_is_the_kernel(name: str) -> None:
    _require(name)
    scenarios = list(shipped.scenarios())
    with VmExecutor(name, timeout=PATIENCE) as machine:
        executions = list(machine.run(scenarios))
        kernel = machine.kernel
    ran = sum(execution.status != "skip" for execution in executions)
    told = agreement(kernel, scenarios, executions, recorded_versions())
    wrong = told.differences
    assert not wrong, f"{kernel.release}: {len(wrong)} of {ran}\n" + "\n".join(wrong[:5])
    assert ran > 0.8 * len(scenarios), "Alpine's has no userfaultfd, 16K pages no files on a disk, nor scenarios for 4K"
    if told.backports:
        warnings.warn(
            f"the history does not know yet that {kernel.version} has {', '.join(told.backports)}", stacklevel=1
        )


def test_a_bisection_finds_the_first_kernel_that_moves_several_mappings(tmp_path: Path) -> None:
    """Each commit of a throw-away repository names another real kernel; git finds where behaviour changed."""
    kernels = ["6.12", "6.16", "6.17", "7.3"]
    _require(*kernels)

    def git(*words: str) -> str:
        identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
        return subprocess.run(
            ["git", *identity, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    git("init", "-q")
    for name in kernels:
        (tmp_path / "kernel").write_text(name)
        git("add", "kernel")
        git("commit", "-qm", f"Linux {name}")
    (tmp_path / "case.yaml").write_text(
        "summary: several mappings cannot be moved\n"
        'map: {src: "A.B", dst: "..."}\n'
        "moves: [{old_address: src, old_size: 3p, new_address: dst, flags: MAYMOVE|FIXED}]\n"
        "expect: [{errno: EFAULT}]\n"
    )
    script = tmp_path / "step.sh"
    program = f'"{sys.executable}" -m mremapcheck'
    script.write_text(f'exec {program} run --bisect --kernel "vm:$(cat kernel)" case.yaml\n')
    git("bisect", "start", "HEAD", "HEAD~3")
    told = git("bisect", "run", "sh", str(script))
    assert "is the first bad commit" in told
    assert "Linux 6.17" in told.partition("is the first bad commit")[2]
