"""How fast the model is, beside the running kernel doing the same: ``python tests/bench/bench_model.py``.

The scenario is that of bench_live.py; loading is not counted, the trace is off. Both run by turns, slice by slice.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.executors.live.executor import LiveExecutor  # noqa: E402
from mremapcheck.executors.model.executor import ModelExecutor  # noqa: E402
from mremapcheck.executors.model.reference import resolve  # noqa: E402
from mremapcheck.executors.protocol import Executor  # noqa: E402
from mremapcheck.scenario.document import Scenario  # noqa: E402
from mremapcheck.scenario.parse import parse_document  # noqa: E402

SLICE = 500
COUNT = 100_000
TYPICAL = {
    "name": "typical",
    "summary": "three mappings, one move",
    "map": {"src": "AABBCC", "dst": "......"},
    "vmas": {"B": {"kind": "anon-shared"}, "C": {"prot": "r"}},
    "moves": [{"old_address": "src", "old_size": "6p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
}


def main() -> None:
    """Print the best and the middle rate of each, their ratio, and what became of the memory."""
    scenario = parse_document(TYPICAL)
    with LiveExecutor() as live, ModelExecutor(resolve("6.18")) as model:
        before = _memory()
        rates: dict[str, list[float]] = {"model": [], "live": []}
        for _ in range(COUNT // SLICE):
            rates["model"].append(_rate(model, scenario))
            if len(rates["live"]) < 40:
                rates["live"].append(_rate(live, scenario))
        after = _memory()
    for name, found in rates.items():
        found.sort()
        print(f"{name:<6} best {found[-1]:8,.0f}/s, middle {found[len(found) // 2]:8,.0f}/s")
    print(f"ratio of the best rates, model to live: {rates['model'][-1] / rates['live'][-1]:.2f}")
    print(f"memory: {before} kB at the start, {after} kB after {COUNT:,} scenarios")


def _rate(executor: Executor, scenario: Scenario) -> float:
    begun = time.perf_counter()
    for execution in executor.run(_same(scenario)):
        assert execution.outcome is not None
        assert execution.outcome.moves[0].verdict == "moved"
    return SLICE / (time.perf_counter() - begun)


def _same(scenario: Scenario) -> Iterator[Scenario]:
    for _ in range(SLICE):
        yield scenario


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
