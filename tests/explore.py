"""Input that nobody has tried yet: ``python tests/explore.py [--seconds N] [--seed N]``.

Every checkout tests the same input each time. This draws new one: for the property tests, and random scenarios for the
running kernel and the model of its version. What fails is printed as a scenario to keep, or as the example that it is;
the seeds are printed, too. Exit codes: 0 nothing was found, 1 something, 2 usage.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

from mremapcheck.executors.live.executor import LiveExecutor

ROOT = Path(__file__).parent.parent


def properties(seed: int) -> bool:
    """Run every property test once, on input from ``seed``; tell whether all pass."""
    command = [sys.executable, "-m", "pytest", "-m", "hypothesis", "--hypothesis-profile=new"]
    return subprocess.run([*command, f"--hypothesis-seed={seed}"], cwd=ROOT, check=False).returncode == 0


def scenarios(seed: int, seconds: int) -> bool:
    """Hold random scenarios against this kernel for so long; tell whether its model foretold them all."""
    with LiveExecutor() as live:
        version = str(live.kernel.version)
    command = [sys.executable, "-m", "mremapcheck", "fuzz", "--kernel", version, "--against", "live"]
    limits = ["--seed", str(seed), "--count", "10000000", "--time", f"{seconds}s"]
    return subprocess.run([*command, *limits], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Spend half of the time on each, and at least one round."""
    parser = argparse.ArgumentParser(description="Draw new input for the property tests, and new random scenarios.")
    parser.add_argument("--seconds", type=int, default=120, help="how long (120)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="draw these again")
    arguments = parser.parse_args()
    seed, half = arguments.seed, max(1, arguments.seconds // 2)
    begun = time.monotonic()
    sound = True
    while sound and (seed == arguments.seed or time.monotonic() - begun < half):
        print(f"property tests: --seed {seed}", flush=True)
        sound = properties(seed)
        seed += 1
    print(f"random scenarios: --seed {arguments.seed}", flush=True)
    return 0 if scenarios(arguments.seed, half) and sound else 1


if __name__ == "__main__":
    sys.exit(main())
