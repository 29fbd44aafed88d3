"""Every benchmark, one after the other: ``python tests/bench``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each bench_*.py beside this file in a process of its own."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {path.stem.removeprefix('bench_')}", flush=True)
        subprocess.run([sys.executable, str(path)], check=False)


if __name__ == "__main__":
    main()
