"""How fast the live executor is, beside a C program that forks for each test: ``python tests/bench/bench_live.py``.

The scenario is a typical one: three mappings of two touched pages, one move, all that can be observed. Loading is not
counted. Both run in the same minute on the same processors, so the ratio means more than the rates.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.live.executor import LiveExecutor  # noqa: E402
from mremapcheck.outcome import Outcome  # noqa: E402
from mremapcheck.scenario.document import Scenario  # noqa: E402
from mremapcheck.scenario.parse import parse_document  # noqa: E402
from mremapcheck.units import ARENA_START  # noqa: E402

TYPICAL = {
    "summary": "Three mappings move in one call",
    "map": {"src": "AABBCC", "dst": "......"},
    "vmas": {"B": {"prot": "r"}},
    "moves": [{"old_address": "src", "old_size": "6p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=20_000)
    parser.add_argument("--processors", help="such as 0 or 0,1; default: all that may be used")
    options = parser.parse_args()
    if options.processors:
        os.sched_setaffinity(0, {int(number) for number in options.processors.split(",")})
    processors = sorted(os.sched_getaffinity(0))
    print(f"Linux {os.uname().release}, Python {sys.version.split()[0]}, processors {processors}")
    if int(Path("/proc/self/maps").read_text().split("-")[0], 16) < ARENA_START:
        print("this Python is not position independent: it lies below the arena, where every look comes past it")
    forking, forking_cpu = _forking(max(500, options.scenarios // 10))
    print(f"forking for each test, in C: {forking:7.0f} tests/s, {forking_cpu:5.0f} us of processor time each")
    with LiveExecutor() as executor:
        scenario = parse_document(TYPICAL)
        list(executor.run([scenario] * 200))
        before, cpu_before = _memory(), _processor_time()
        begin = time.perf_counter()
        outcomes = _run(executor, scenario, options.scenarios)
        seconds = time.perf_counter() - begin
        after, cpu_after = _memory(), _processor_time()
    assert len(outcomes) == 1, "outcomes differ"
    rate = options.scenarios / seconds
    cpu = {name: (cpu_after[name] - cpu_before[name]) / options.scenarios * 1e6 for name in cpu_after}
    total = sum(cpu.values())
    print(f"live executor:               {rate:7.0f} tests/s, {total:5.0f} us of processor time each")
    print("  of which " + ", ".join(f"{name} {value:.0f}" for name, value in cpu.items()))
    print(f"ratio of the rates {rate / forking:.2f}; of the processor time {forking_cpu / total:.2f}")
    for name in before:
        print(f"memory of the {name}: {before[name]} kB at the start, {after[name]} kB at the end")


def _run(executor: LiveExecutor, scenario: Scenario, count: int) -> list[Outcome | None]:
    """Return the outcomes that differ from the one before."""
    different: list[Outcome | None] = []
    for execution in executor.run(scenario for _ in range(count)):
        if not different or execution.outcome != different[-1]:
            different.append(execution.outcome)
    return different


def _forking(count: int) -> tuple[float, float]:
    """Return tests per second, and the processor time of one in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "forking"
        subprocess.run(["cc", "-O2", "-o", program, Path(__file__).parent / "forking.c"], check=True)
        before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        rate = float(subprocess.run([program, str(count)], check=True, capture_output=True, text=True).stdout)
        return rate, (sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before) / count * 1e6


def _processes() -> dict[str, int]:
    tool = os.getpid()
    keeper = _child(tool)
    return {"tool": tool, "keeper": keeper, "worker": _child(keeper)}


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _memory() -> dict[str, int]:
    """Return the resident memory of this process and of those that it started, in kB."""
    return {
        name: next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").open() if line.startswith("VmRSS:"))
        for name, pid in _processes().items()
    }


def _processor_time() -> dict[str, float]:
    """Return the processor time that each has used, in seconds."""
    return {
        name: int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9 for name, pid in _processes().items()
    }


if __name__ == "__main__":
    main()
