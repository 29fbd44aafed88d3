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
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.base.units import ARENA_START  # noqa: E402
from mremapcheck.executors.live.executor import LiveExecutor  # noqa: E402
from mremapcheck.outcome.outcome import Outcome  # noqa: E402
from mremapcheck.scenario.document import Scenario  # noqa: E402
from mremapcheck.scenario.parse import parse_document  # noqa: E402

#: Scenarios between two looks at the clock: on a busy machine only the best slice tells what the program can do.
SLICE = 200
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
    slices = max(1, options.scenarios // SLICE)
    forking = _forking(slices)
    print(f"forking for each test, in C: {forking}")
    with LiveExecutor() as executor:
        scenario = parse_document(TYPICAL)
        list(executor.run([scenario] * 200))
        before, cpu_before = _memory(), _processor_time()
        live = _live(executor, scenario, slices)
        after, cpu_after = _memory(), _processor_time()
    print(f"live executor:               {live}")
    cpu = {name: (cpu_after[name] - cpu_before[name]) / (slices * SLICE) * 1e6 for name in cpu_after}
    print("  of which " + ", ".join(f"{name} {value:.0f} us" for name, value in cpu.items()))
    ratios = (live.rate / forking.rate, live.best / forking.best, forking.cpu / live.cpu)
    print("ratio of the rates {:.2f}, of the best {:.2f}, of the processor time {:.2f}".format(*ratios))
    for name in before:
        print(f"memory of the {name}: {before[name]} kB at the start, {after[name]} kB at the end")


@dataclass
class Speed:
    """Tests per second, those of the best slice, and the processor time of one test in microseconds."""

    rate: float
    best: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.rate:6.0f} tests/s, {self.best:6.0f} at best, {self.cpu:4.0f} us of processor time each"


def _live(executor: LiveExecutor, scenario: Scenario, slices: int) -> Speed:
    cpu = sum(_processor_time().values())
    times = [time.perf_counter()]
    first: Outcome | None = None
    for number, execution in enumerate(executor.run(scenario for _ in range(slices * SLICE)), 1):
        first = first or execution.outcome
        assert execution.outcome == first, execution
        if number % SLICE == 0:
            times.append(time.perf_counter())
    cpu = sum(_processor_time().values()) - cpu
    shortest = min(end - begin for begin, end in pairwise(times))
    count = slices * SLICE
    return Speed(count / (times[-1] - times[0]), SLICE / shortest, cpu / count * 1e6)


def _forking(slices: int) -> Speed:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "forking"
        subprocess.run(["cc", "-O2", "-o", program, Path(__file__).parent / "forking.c"], check=True)
        cpu = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        rates = []
        for _ in range(max(5, slices // 4)):
            answer = subprocess.run([program, str(SLICE // 2)], check=True, capture_output=True, text=True)
            rates.append(float(answer.stdout))
        cpu = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - cpu
        total = len(rates) * (SLICE // 2)
        return Speed(len(rates) / sum(1 / rate for rate in rates), max(rates), cpu / total * 1e6)


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
