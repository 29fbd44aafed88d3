"""A campaign: hands shards of a source to workers and takes what comes of them in, in the order of the numbers.

The shards are cut without regard to the workers, and each depends on nothing but its numbers: so a campaign comes out
the same whatever the number of jobs, and may be stopped and taken up again between any two shards.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from mremapcheck.campaign.group import Group, Groups
from mremapcheck.campaign.shard import ShardResult, ShardTask, run_shard
from mremapcheck.campaign.source import Source
from mremapcheck.compare.pair import Opener, Pair
from mremapcheck.executors.references import open_executor

#: Scenarios in one shard: a tenth of a second or two on the running kernel, and a round trip costs nothing beside them.
SHARD_SIZE = 250


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is to be done: both references, where the scenarios come from, and how many (``count``)."""

    a: str
    b: str
    source: Source
    count: int
    tries: int = 500
    shard_size: int = SHARD_SIZE
    by_cause: bool = False
    opener: Opener = open_executor
    pair: type[Pair] = Pair

    def tasks(self, start: int) -> Iterator[ShardTask]:
        """Yield the shards from scenario number ``start`` on."""
        for first in range(start, self.count, self.shard_size):
            stop = min(first + self.shard_size, self.count)
            yield ShardTask(self.a, self.b, self.source, first, stop, self.tries, self.by_cause, self.opener, self.pair)

    def to_json(self) -> dict[str, Any]:
        """Return what must be the same for a campaign to be taken up again; ``count`` may grow."""
        plan = {
            "a": self.a,
            "b": self.b,
            "source": self.source.to_json(),
            "tries": self.tries,
            "piece": self.shard_size,
        }
        return plan if self.pair is Pair else {**plan, "pair": self.pair.__name__}


@dataclass(slots=True)
class Totals:
    """Everything up to scenario number ``done``."""

    done: int = 0
    same: int = 0
    different: int = 0
    refused: int = 0
    unloadable: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    groups: Groups = field(default_factory=Groups)

    @property
    def compared(self) -> int:
        """Scenarios of which both sides gave an outcome, or disagreed whether there is one."""
        return self.same + self.different

    def add(self, shard: ShardResult) -> list[Group]:
        """Take a shard in; return the groups that are new or show something smaller than before."""
        self.done = shard.stop
        self.same += shard.same
        self.different += shard.different
        self.refused += shard.refused
        self.unloadable += shard.unloadable
        self.skipped.update(shard.skipped)
        self.unanswered.update(shard.unanswered)
        return self.groups.add_shard(shard)

    def to_json(self) -> dict[str, Any]:
        """Return the ``summary`` and the ``groups`` of the ``fuzz`` report; ``from_json`` reads it."""
        return {
            "summary": {
                "scenarios": self.done,
                "compared": self.compared,
                "same": self.same,
                "different": self.different,
                "refused": self.refused,
                "unloadable": self.unloadable,
                "skipped": dict(sorted(self.skipped.items())),
                "unanswered": dict(sorted(self.unanswered.items())),
            },
            "groups": [group.to_json() for group in self.groups],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Totals:
        """Read what ``to_json`` gave."""
        summary = data["summary"]
        tally = cls(
            done=summary["scenarios"],
            same=summary["same"],
            different=summary["different"],
            refused=summary["refused"],
            unloadable=summary["unloadable"],
            skipped=Counter(summary["skipped"]),
            unanswered=Counter(summary["unanswered"]),
        )
        tally.groups.restore([Group.from_json(group) for group in data["groups"]])
        return tally


def run(
    plan: Campaign, pool: Executor, jobs: int, tally: Totals, seconds: float | None = None
) -> Iterator[list[Group]]:
    """Go on where ``tally`` stands; after each shard yield the groups that are new or have become smaller.

    ``jobs`` workers are kept busy, two shards ahead. After ``seconds`` no new shard is begun, those begun are finished.
    Raises ExecutorError where a kernel cannot be asked at all.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    tasks = plan.tasks(tally.done)
    waiting: deque[Future[ShardResult]] = deque()
    try:
        while True:
            while len(waiting) < jobs * 2 and (deadline is None or time.monotonic() < deadline):
                task = next(tasks, None)
                if task is None:
                    break
                waiting.append(pool.submit(run_shard, task))
            if not waiting:
                return
            yield tally.add(waiting.popleft().result())
    except KeyboardInterrupt:
        waiting.clear()  # whoever opened the pool ends it at once
        raise
    finally:
        for future in waiting:
            future.cancel()
