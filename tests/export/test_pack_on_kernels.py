"""The conformance pack as the only program of a virtual machine, against what the tool sees on the same kernel."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.convert.export.generate import pack_of
from mremapcheck.convert.export.pack import pack_text
from mremapcheck.convert.export.words import seen_facts
from mremapcheck.executors.references import open_executor
from mremapcheck.executors.vm import ext2
from mremapcheck.executors.vm.cpio import Archive
from mremapcheck.executors.vm.images.known import KnownKernel, get
from mremapcheck.executors.vm.qemu import find_qemu
from tests import shipped
from tests.export.programs import Test, compiled, read_ktap
from tests.waiting import PATIENCE


def _cc(kernel: KnownKernel) -> str:
    """Return the compiler for a kernel's architecture."""
    return "cc" if kernel.platform.machine == os.uname().machine else kernel.platform.compiler


def boot(version: str, pack: Path, folder: Path) -> dict[str, Test]:
    """Run a pack in a virtual machine and read what it printed."""
    kernel = get(version)
    qemu = kernel.platform.qemu
    source = (Path(__file__).parent / "init.c").read_text()
    flags = ("-static", f'-DTTY="/dev/{qemu.console}"')
    init = compiled(source, folder / "init", *flags, compiler=_cc(kernel))
    archive = Archive()
    archive.folder("dev")
    archive.device("dev/console", 5, 1)
    archive.file("init", init.read_bytes(), 0o755)
    archive.file("pack", pack.read_bytes(), 0o755)
    (folder / "initrd").write_bytes(archive.to_bytes())
    disk = folder / "disk"
    disk.write_bytes(ext2.head())
    os.truncate(disk, ext2.SIZE)
    done = subprocess.run(
        [
            *(find_qemu(kernel.platform), "-machine", qemu.machine, "-cpu", qemu.cpu["tcg"], "-m", "1024"),
            *("-nographic", "-no-reboot", "-nodefaults"),
            *("-serial", "stdio", "-kernel", kernel.path, "-initrd", folder / "initrd"),
            *("-append", f"console={qemu.console} quiet panic=-1 mitigations=off"),
            *("-drive", f"file={disk},if=none,id=disk,format=raw", "-device", "nvme,drive=disk,serial=pack"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    text = done.stdout.replace("\r", "")
    begin, end = text.find("KTAP version 1"), text.find("DONE\n")
    assert 0 <= begin < end, text[-3000:]
    lines = text[begin:end].splitlines()
    return read_ktap("\n".join(line for line in lines if line.startswith(("#", "ok", "not ok", "KTAP", "1.."))))


@pytest.mark.kernel
@pytest.mark.parametrize("version", ["6.12", "7.3", "6.17@arm64", "7.3@arm64-16k"])
def test_the_pack_sees_what_the_tool_sees(version: str, tmp_path: Path) -> None:
    try:
        kernel = get(version)
        find_qemu(kernel.platform)
    except MremapcheckError as missing:
        if os.environ.get("MREMAPCHECK_REQUIRE_KERNELS"):
            raise
        pytest.skip(str(missing))
    scenarios = list(shipped.scenarios())
    flags = ("-static", "-O1", f"-DP={kernel.platform.page_size}ULL")
    pack = compiled(pack_text(pack_of(scenarios)), tmp_path / "pack", *flags, compiler=_cc(kernel))
    tests = boot(version, pack, tmp_path)
    with open_executor(f"vm:{version}", timeout=PATIENCE) as executor:
        executions = list(executor.run(scenarios))
    ran = 0
    for scenario, execution in zip(scenarios, executions, strict=True):
        test = tests[scenario.name]
        if execution.outcome is not None and not test.directive:
            ran += 1
            facts = tuple(f"{fact.where}: {fact.text}" for fact in seen_facts(execution.outcome))
            assert test.facts == facts, scenario.name
        else:
            assert not test.directive.startswith("ERROR"), (scenario.name, test.directive)
    assert ran > 0.8 * len(scenarios), {execution.reason for execution in executions if execution.reason}
