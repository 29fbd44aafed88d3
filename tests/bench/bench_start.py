"""How long a cold run takes, in units of ``python -c "import typer, yaml"``: ``python tests/bench/bench_start.py``."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "scenarios" / "multi" / "uffd-first.yaml"
ROUNDS = 15


def main() -> None:
    """Print the best and the middle of each command's wall and CPU times, taken by turns, and the ratios to the first.

    On a machine that others use too, the CPU times are those to believe.
    """
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
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                begun, used = time.perf_counter(), _used()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                times[name].append((time.perf_counter() - begun, _used() - used))
    for number, kind in enumerate(("wall", "CPU")):
        units = _best_and_middle(taken[number] for taken in times["import typer, yaml"])
        for name, found in times.items():
            figures = _best_and_middle(taken[number] for taken in found)
            best, middle = (f"{seconds * 1000:5.0f} ms" for seconds in figures)
            ratios = " ".join(f"{seconds / unit:5.2f}" for seconds, unit in zip(figures, units, strict=True))
            print(f"{kind:<4} {name:<22} best {best}, middle {middle}; ratios {ratios}")


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _best_and_middle(seconds: Iterable[float]) -> tuple[float, float]:
    found = sorted(seconds)
    return found[0], found[len(found) // 2]


if __name__ == "__main__":
    main()
