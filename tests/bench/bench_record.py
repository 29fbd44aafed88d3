"""What ``mremapcheck record`` costs beside strace alone, in one run: ``python tests/bench/bench_record.py``.

The aim: 1.2 times the time of ``strace --seccomp-bpf``, and 10 us for each call. What begins and ends a recording takes
a fixed time, so it is met where the program makes some twenty thousand calls or runs for half a second.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.convert.strace.calls import strace_set  # noqa: E402

ROUNDS = 5
CALLS = (100, 9_000, 20_000, 60_000)
#: Seconds for each call.
MORE = 10e-6
PROGRAM = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
int main(int argc, char **argv)
{
	struct timespec begun, ended;
	long size = 4096, most = 4096 * (atol(argv[1]) + 1);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	char *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (; memory != MAP_FAILED && size < most; size += 4096)
		memory = mremap(memory, size, size + 4096, MREMAP_MAYMOVE);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("%f\n", ended.tv_sec - begun.tv_sec + (ended.tv_nsec - begun.tv_nsec) / 1e9);
	return memory == MAP_FAILED;
}
"""


def main() -> None:
    """Print wall time, of the program itself and of all, the least of the rounds, taken by turns."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "grow")
        program.with_suffix(".c").write_text(PROGRAM)
        subprocess.run(["cc", "-o", program, program.with_suffix(".c")], check=True)
        for calls in CALLS:
            grow = [str(program), str(calls)]
            alone, recorded = [], []
            for number in range(ROUNDS):
                log = str(Path(folder, "log"))
                alone.append(
                    _time(["strace", "--seccomp-bpf", "-f", "-e", f"trace={strace_set()}", "-o", log, "--", *grow])
                )
                out = str(Path(folder, f"{calls}-{number}"))
                recorded.append(_time([sys.executable, "-m", "mremapcheck", "record", "-o", out, "--", *grow]))
            for place, name in enumerate(("the program itself", "all")):
                before, after = (min(times[place] for times in rounds) for rounds in (alone, recorded))
                aim = 1.2 * before + MORE * calls
                print(
                    f"{calls:>6} calls, {name:<18} strace {before:5.2f} s, record {after:5.2f} s: "
                    f"{after / before:.2f} times, {after / aim:.2f} of the aim"
                )


def _time(command: Sequence[str]) -> tuple[float, float]:
    """Return the seconds that a program tells of itself, and those that all of it took."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout), time.perf_counter() - begun


if __name__ == "__main__":
    main()
