from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mremapcheck.executors.vm import acceleration, executor
from mremapcheck.executors.vm.guest_image import GuestImage
from tests.images.factories import bzimage
from tests.waiting import runs


class Stage:
    """A fake QEMU and a kernel image for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.image = folder / "bzImage"
        self.image.write_bytes(bzimage())
        self.log = folder / "qemu.log"
        self._setenv = monkeypatch.setenv
        self._setenv("FAKE_QEMU_LOG", str(self.log))

    def plays(self, way: str) -> str:
        """Let QEMU do this; return what names the image."""
        self._setenv("FAKE_QEMU", way)
        return str(self.image)

    @property
    def starts(self) -> list[str]:
        """The command lines that QEMU was started with, each after its process number."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def alive(self) -> list[int]:
        """The numbers of those that still run."""
        pids = [int(line.partition(" ")[0]) for line in self.starts]
        return [pid for pid in pids if runs(pid)]

    def hangs(self) -> bool:
        """Tell whether one that runs has begun to hang."""
        return any(self.log.with_name(f"{self.log.name}.{pid}-hangs").exists() for pid in self.alive())


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    script = tmp_path / "qemu"
    root = Path(__file__).parent.parent.parent
    script.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m tests.vm.fake_qemu "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("MREMAPCHECK_QEMU", str(script))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MREMAPCHECK_BOOT_TIMEOUT", "600")
    monkeypatch.setattr(executor, "guest_image", lambda platform: GuestImage(b"", "/init", ()))
    monkeypatch.setattr(acceleration, "_DEVICE", tmp_path / "no-kvm")
    stage = Stage(tmp_path, monkeypatch)
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    yield stage
    assert not stage.alive(), "a QEMU process stays behind"
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 2, "descriptors stay open"  # noqa: PTH208
