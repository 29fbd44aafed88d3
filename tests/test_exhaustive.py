"""Model and running kernel on the drawings within a bound: nothing is drawn at random.

Each seventh of them, a number that has nothing to do with those of kinds and flags; MREMAPCHECK_EXHAUSTIVE leaves none
out, as .ci/run does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

import pytest

from mremapcheck.campaign.bounds import Bounds
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document

EVERY = 1 if os.environ.get("MREMAPCHECK_EXHAUSTIVE") else 7

#: The four commonest kinds: heap, shared memory, a memfd, a file's private mapping.
COMMON = ("anon", "anon-shared", "memfd", "file-private")

BOUNDS = {
    "three mappings, equal sizes": Bounds(mappings=3, flavours=COMMON, resize=(0,)),
    "two mappings, grown and shrunk": Bounds(mappings=2, flavours=COMMON, resize=(-1, 1)),
    "two longer mappings": Bounds(mappings=2, pages=2, gap=0, flavours=("anon", "memfd"), resize=(0, -1, 1)),
    "what is not moved with others": Bounds(
        mappings=2, flavours=("anon", "anon-uffd", "dev-zero", "sysv-shm", "anon-sealed", "anon-locked")
    ),
}


def _batches(scenarios: Iterator[Scenario], size: int = 2000) -> Iterator[list[Scenario]]:
    while batch := list(islice(scenarios, size)):
        yield batch


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BOUNDS)
def test_the_model_is_the_running_kernel(name: str) -> None:
    bounds = BOUNDS[name]
    count = 0
    differing: list[str] = []
    with LiveExecutor() as live, ModelExecutor(resolve(str(live.kernel.version))) as model:
        documents = islice(bounds.documents(), None, None, EVERY)
        for batch in _batches(parse_document(document) for document in documents):
            for scenario, seen, expected in zip(batch, live.run(batch), model.run(batch), strict=True):
                count += 1
                if seen.status == "skip":
                    pytest.fail(f"{scenario.name} was skipped: {seen.reason}")
                if seen.outcome != expected.outcome and len(differing) < 5:
                    differing.append(f"{scenario.document}\n live: {seen}\nmodel: {expected}")
    assert not differing, "\n\n".join(differing)
    assert count == -(-bounds.count() // EVERY)
