"""How fast a campaign is, by its parts: ``python tests/bench/bench_fuzz.py``.

Scenarios a second and processor: drawing, loading, the model, the running kernel, comparing; and all of them together,
as ``mremapcheck fuzz --jobs 1`` does. Processor time counts the worker's too, so the rates hold on a busy machine.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.executors import open_executor  # noqa: E402
from mremapcheck.fuzz.campaign import Plan, Tally, run  # noqa: E402
from mremapcheck.fuzz.dice import Dice  # noqa: E402
from mremapcheck.fuzz.finding import examine  # noqa: E402
from mremapcheck.fuzz.pool import pool  # noqa: E402
from mremapcheck.fuzz.source import Random  # noqa: E402
from mremapcheck.scenario.parse import parse_document  # noqa: E402

T = TypeVar("T")
#: The aim: scenarios a second and processor, all parts together.
AIM = 1_500
#: Campaigns, of which the best and the middle one are told: on a busy machine processor time is slow, too.
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count = options.scenarios
    dice = Dice(options.seed)
    documents = _measure("draw", count, lambda: [dice.document(number) for number in range(count)])
    scenarios = _measure("load", count, lambda: [parse_document(document) for document in documents])
    with open_executor("live") as live:
        release = str(live.kernel.version)
        list(live.run(scenarios[:50]))
        seen = _measure("running kernel, this side", count, lambda: list(live.run(scenarios)))
    with open_executor(release) as model:
        modelled = _measure("model", count, lambda: list(model.run(scenarios)))
    _measure("compare", count, lambda: [examine(*each) for each in zip(scenarios, modelled, seen, strict=True)])
    rounds = sorted(_campaign(release, options.seed + number, count) for number in range(1, ROUNDS + 1))
    for name, (rate, wall) in (("best", rounds[-1]), ("middle", rounds[ROUNDS // 2])):
        print(
            f"{'campaign, ' + name:<26} {wall:8,.0f}/s  {rate:8,.0f} a second and processor, workers included:"
            f" {rate / AIM:.2f} of the aim of {AIM:,}"
        )


def _campaign(release: str, seed: int, count: int) -> tuple[float, float]:
    """Return the scenarios of a campaign a second of processor time, and a second."""
    before, begin = _processor_time(), time.perf_counter()
    tally = Tally()
    with pool(1) as (executor, jobs):
        for _ in run(Plan(release, "live", Random(seed), count, tries=0), executor, jobs, tally):
            pass
    seconds, processor = time.perf_counter() - begin, _processor_time() - before
    if tally.different or tally.compared < count // 2:
        print(f"{tally.compared:,} compared, {tally.different} different")
    return count / processor, count / seconds


def _measure(name: str, count: int, work: Callable[[], T]) -> T:
    before, begin = time.process_time(), time.perf_counter()
    result = work()
    processor, seconds = time.process_time() - before, time.perf_counter() - begin
    print(f"{name:<26} {count / seconds:8,.0f}/s  {count / processor:8,.0f} a second and processor")
    return result


def _processor_time() -> float:
    """Return the seconds of this process and of all that it waited for, workers among them."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
