"""Two kernels that are asked the same, opened once in a process and kept."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import tee
from threading import get_ident
from typing import Any, NamedTuple, TypeAlias

from mremapcheck.base.errors import ScenarioError
from mremapcheck.compare.finding import Finding, examine
from mremapcheck.executors.protocol import Executor
from mremapcheck.executors.references import open_executor
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document

#: From a kernel reference to an executor that is not entered yet.
Opener: TypeAlias = Callable[[str], Executor]
Document: TypeAlias = dict[str, Any]


class PairResult(NamedTuple):
    """One scenario, what both kernels did, and what came of laying that side by side."""

    scenario: Scenario
    finding: Finding
    a: Execution
    b: Execution


class Pair:
    """Executors A and B; a context manager that ends both."""

    def __init__(self, a: str, b: str, opener: Opener = open_executor) -> None:
        self.a = opener(a)
        self.b = opener(b)
        self._stack = ExitStack()

    def __enter__(self) -> Pair:
        self._stack.enter_context(self.a)
        self._stack.enter_context(self.b)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[tuple[Execution, Execution]]:
        """Run the scenarios on both, in order; reads no further ahead than the executors do."""
        for_a, for_b = tee(scenarios)
        return zip(self.a.run(for_a), self.b.run(for_b), strict=True)

    def compare(self, scenarios: Iterable[Scenario]) -> Iterator[PairResult]:
        """Run the scenarios on both and lay what they did side by side, in order."""
        told, asked = tee(scenarios)
        for scenario, (a, b) in zip(told, self.run(asked), strict=True):
            yield PairResult(scenario, examine(scenario, a, b), a, b)

    def ask(self, document: Document) -> PairResult | None:
        """Run one document on both; None where it does not load."""
        scenario = load(document)
        if scenario is None:
            return None
        (asked,) = self.compare([scenario])
        return asked


def load(document: Document) -> Scenario | None:
    """Parse a document; None where it is no scenario (shrinking makes such)."""
    try:
        return parse_document(document)
    except ScenarioError:
        return None


#: By thread too: an executor answers one question at a time, and a worker of a cluster may have several threads.
_open: dict[tuple[int, type[Pair], str, str, Opener], Pair] = {}


def kept_pair(a: str, b: str, opener: Opener, kind: type[Pair] = Pair) -> Pair:
    """Return this thread's pair of a kind for these references; it is closed when the process ends."""
    key = (get_ident(), kind, a, b, opener)
    pair = _open.get(key)
    if pair is None:
        pair = kind(a, b, opener)
        pair.__enter__()
        if not _open:
            atexit.register(close_pairs)  # for who has no pool that does it
        _open[key] = pair
    return pair


def drop_pair(a: str, b: str, opener: Opener, kind: type[Pair] = Pair) -> None:
    """End this thread's pair; the next ``kept_pair`` opens new executors."""
    pair = _open.pop((get_ident(), kind, a, b, opener), None)
    if pair is not None:
        pair.__exit__(None, None, None)


def close_pairs() -> None:
    """End every executor that ``kept_pair`` opened in this process."""
    while _open:
        _, pair = _open.popitem()
        pair.__exit__(None, None, None)
