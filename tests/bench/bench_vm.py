"""How long all shipped scenarios take on a real kernel, end to end: ``python tests/bench/bench_vm.py [VERSION ...]``.

The unit is the time of the same kernel in the same QEMU, booted to a static init in C that switches off at once. Both
run by turns. What the guest image costs, once for each version of the code, is printed first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.base.errors import MremapcheckError  # noqa: E402
from mremapcheck.executors.vm.cpio import Archive  # noqa: E402
from mremapcheck.executors.vm.images import known  # noqa: E402
from mremapcheck.executors.vm.qemu import find_qemu  # noqa: E402

INIT = """
#include <sys/reboot.h>
int main(void) { return reboot(RB_AUTOBOOT); }
"""
#: Seconds that building the guest image may take, and times the unit that all scenarios may take.
IMAGE_AIM, AIM = 2.0, 2.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", default=["6.12", "6.18", "7.3"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    _image()
    with tempfile.TemporaryDirectory() as folder:
        initrd = _initrd(Path(folder))
        for version in options.versions:
            try:
                image = known.get(version).path
                binary = find_qemu()
            except MremapcheckError as missing:
                print(f"{version}: {missing.message}")
                continue
            bare = _bare(binary, Path(image), initrd)
            tool = [sys.executable, "-m", "mremapcheck", "run", "--kernel", f"vm:{version}", str(ROOT / "scenarios")]
            _compare(version, bare, tool, options.rounds)


def _compare(version: str, bare: list[str], tool: list[str], rounds: int) -> None:
    times: dict[str, list[float]] = {"bare": [], "tool": []}
    for _ in range(rounds):
        times["bare"].append(_time(lambda: _run(bare)))
        times["tool"].append(_time(lambda: _run(tool)))
    for found in times.values():
        found.sort()
    for which, place in (("best", 0), ("middle", rounds // 2)):
        bare_time, tool_time = times["bare"][place], times["tool"][place]
        ratio = tool_time / bare_time
        print(
            f"{version:<6} {which:<6} static init {bare_time:.2f} s, all scenarios {tool_time:.2f} s: {ratio:.2f} times"
            f" (at most {AIM})",
            flush=True,
        )


def _image() -> None:
    """Print how long the guest image takes to build, in a process of its own without anything cached."""
    program = "from mremapcheck.executors.vm.guest_image import guest_image; guest_image()"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", program]
        built = _time(lambda: subprocess.run(command, env=environment, check=True))
        kept = _time(lambda: subprocess.run(command, env=environment, check=True))
    print(f"guest image: {built:.2f} s to build (at most {IMAGE_AIM}), {kept:.2f} s from the cache", flush=True)


def _initrd(folder: Path) -> Path:
    (folder / "init.c").write_text(INIT)
    subprocess.run(["cc", "-O2", "-static", "-o", folder / "init", folder / "init.c"], check=True)
    archive = Archive()
    archive.folder("dev")
    archive.device("dev/console", 5, 1)
    archive.file("init", (folder / "init").read_bytes(), 0o755)
    path = folder / "initrd"
    path.write_bytes(archive.to_bytes())
    return path


def _bare(binary: str, image: Path, initrd: Path) -> list[str]:
    words = "console=ttyS0 panic=-1 mitigations=off quiet"
    return [
        *(
            binary,
            "-accel",
            "tcg",
            "-cpu",
            "qemu64,-cx16",
            "-m",
            "512",
            "-display",
            "none",
            "-no-reboot",
            "-nodefaults",
        ),
        *("-serial", "stdio", "-kernel", str(image), "-initrd", str(initrd), "-append", words),
    ]


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:].decode(errors='replace')}")


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
