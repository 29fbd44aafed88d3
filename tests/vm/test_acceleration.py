from __future__ import annotations

from pathlib import Path

import pytest

from mremapcheck.executors.vm import acceleration, boot
from mremapcheck.executors.vm.executor import VmExecutor
from tests.vm.conftest import Stage
from tests.vm.test_executor import CASES
from tests.waiting import PATIENCE


@pytest.fixture
def device(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kvm"
    path.touch()
    monkeypatch.setattr(acceleration, "_DEVICE", path)
    monkeypatch.setattr(boot, "_KVM_PATIENCE", PATIENCE)
    return path


def accelerators(stage: Stage) -> list[str]:
    return [line.partition("-accel ")[2].partition(" ")[0] for line in stage.starts]


def run(stage: Stage, way: str) -> str | None:
    with VmExecutor(stage.plays(way)) as executor:
        assert [result.status for result in executor.run(CASES)] == ["ran"] * 5
        return executor.kernel.acceleration


def test_without_the_device_nothing_is_tried(stage: Stage) -> None:
    assert run(stage, "kvm=serve serve") == "tcg"
    assert accelerators(stage) == ["tcg"]


@pytest.mark.usefixtures("device")
def test_a_guest_that_runs_proves_it_and_is_used(stage: Stage) -> None:
    assert run(stage, "kvm=serve refuse") == "kvm"
    assert accelerators(stage) == ["kvm"], "the guest of the trial is the guest of the run"
    assert run(stage, "kvm=serve refuse") == "kvm"
    assert accelerators(stage) == ["kvm", "kvm"]


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("way", ["hang", "refuse"])
def test_a_device_that_runs_no_guest_is_tried_once(stage: Stage, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(boot, "_KVM_PATIENCE", 0.5 if way == "hang" else PATIENCE)
    assert run(stage, f"kvm={way} serve") == "tcg"
    assert run(stage, f"kvm={way} serve") == "tcg"
    assert accelerators(stage) == ["kvm", "tcg", "tcg"]


@pytest.mark.usefixtures("device")
def test_a_kernel_that_boots_nowhere_proves_nothing(stage: Stage) -> None:
    with pytest.raises(Exception, match="does not boot"):
        run(stage, "kvm=panic panic")
    assert run(stage, "kvm=serve panic") == "kvm"


@pytest.mark.usefixtures("device")
def test_another_qemu_is_another_question(stage: Stage, tmp_path: Path) -> None:
    assert run(stage, "kvm=refuse serve") == "tcg"
    (tmp_path / "qemu").touch()
    assert run(stage, "kvm=serve serve") == "kvm"
