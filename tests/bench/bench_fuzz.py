"""How fast a campaign is, by its parts: ``python tests/bench/bench_fuzz.py``.

Scenarios a second: drawing, loading, the model, the running kernel, comparing; and all of them together as
``mremapcheck fuzz`` does, once on one processor (``taskset -c 0 mremapcheck fuzz --jobs 1``) and once on all.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mremapcheck.campaign.campaign import Campaign, Totals, run  # noqa: E402
from mremapcheck.campaign.generator import Generator  # noqa: E402
from mremapcheck.campaign.pool import pool, processors  # noqa: E402
from mremapcheck.campaign.source import Random  # noqa: E402
from mremapcheck.compare.finding import examine  # noqa: E402
from mremapcheck.executors.references import open_executor  # noqa: E402
from mremapcheck.scenario.parse import parse_document  # noqa: E402

T = TypeVar("T")
#: The aim: scenarios a second and processor, all parts together.
AIM = 1_500
#: Campaigns, of which the best and the middle one are told: others on the machine make some of them slow.
ROUNDS = 5
#: Scenarios for each job before the clock starts.
WARM = 500


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count = options.scenarios
    release = _parts(count, options.seed)
    with on_one_processor():
        rounds = sorted(_campaign(release, options.seed + number, count, 1) for number in range(1, ROUNDS + 1))
    for name, rate in (("best", rounds[-1]), ("middle", rounds[ROUNDS // 2])):
        print(f"{'campaign, ' + name:<26} {rate:8,.0f}/s  on one processor: {rate / AIM:.2f} of the aim of {AIM:,}")
    jobs = processors()
    rate = _campaign(release, options.seed, count * jobs, jobs)
    print(f"{'campaign, all processors':<26} {rate:8,.0f}/s  on {jobs}: {rate / jobs / AIM:.2f} of the aim for each")


def _parts(count: int, seed: int) -> str:
    """Measure each part by itself; return the version of the running kernel."""
    generator = Generator(seed)
    documents = _measure("draw", count, lambda: [generator.document(number) for number in range(count)])
    scenarios = _measure("load", count, lambda: [parse_document(document) for document in documents])
    with open_executor("live") as live:
        release = str(live.kernel.version)
        list(live.run(scenarios[:50]))
        seen = _measure("running kernel, this side", count, lambda: list(live.run(scenarios)))
    with open_executor(release) as model:
        modelled = _measure("model", count, lambda: list(model.run(scenarios)))
    _measure("compare", count, lambda: [examine(*each) for each in zip(scenarios, modelled, seen, strict=True)])
    return release


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep this process and all that it starts on one processor, so that seconds are processor seconds."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _campaign(release: str, seed: int, count: int, jobs: int) -> float:
    """Return the scenarios of a campaign a second, once everything that it needs is running."""
    with pool(jobs) as (executor, workers):

        def whole(seed: int, count: int) -> Totals:
            tally = Totals()
            for _ in run(Campaign(release, "live", Random(seed), count, tries=0), executor, workers, tally):
                pass
            return tally

        whole(0, WARM * jobs)
        begin = time.perf_counter()
        tally = whole(seed, count)
        seconds = time.perf_counter() - begin
    if tally.different or tally.compared < count // 2:
        print(f"{tally.compared:,} compared, {tally.different} different")
    return count / seconds


def _measure(name: str, count: int, work: Callable[[], T]) -> T:
    before, begin = time.process_time(), time.perf_counter()
    result = work()
    processor, seconds = time.process_time() - before, time.perf_counter() - begin
    print(f"{name:<26} {count / seconds:8,.0f}/s  {count / processor:8,.0f} a second and processor")
    return result


if __name__ == "__main__":
    main()
