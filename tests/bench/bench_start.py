"""How long a cold run takes, in units of ``python -c "import typer, yaml"``: ``python tests/bench/bench_start.py``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "scenarios" / "multi" / "uffd-first.yaml"
ROUNDS = 15


def main() -> None:
    """Print the best and the middle wall time of each command, taken by turns, and the ratios to the first."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    program = [sys.executable, "-m", "mremapcheck", "run"]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(200):
            (Path(folder) / f"copy{number}.yaml").write_text(EXAMPLE.read_text())
        commands: dict[str, Sequence[str]] = {
            "import typer, yaml": [sys.executable, "-c", "import typer, yaml"],
            "run one file, model": [*program, "--kernel", "6.18", str(EXAMPLE)],
            "run one file, live": [*program, str(EXAMPLE)],
            "run 200 files, model": [*program, "--kernel", "6.18", folder],
            "run 200 files, live": [*program, folder],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                begun = time.perf_counter()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                times[name].append(time.perf_counter() - begun)
    best, middle = [sorted(times["import typer, yaml"])[place] for place in (0, ROUNDS // 2)]
    for name, found in times.items():
        found.sort()
        ratios = f"{found[0] / best:5.2f} {found[ROUNDS // 2] / middle:5.2f}"
        print(f"{name:<22} best {found[0] * 1000:5.0f} ms, middle {found[ROUNDS // 2] * 1000:5.0f} ms; ratios {ratios}")


if __name__ == "__main__":
    main()
