"""Logs read line by line, as tests of several modules do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mremapcheck.convert.strace.call import Call, Ledger
from mremapcheck.convert.strace.collect import Collection, scenarios
from mremapcheck.convert.strace.parser import LogReader
from mremapcheck.executors.protocol import Executor
from mremapcheck.linux.versions.version import KernelVersion


def read_calls(lines: Iterable[str], ledger: Ledger | None = None) -> Iterator[Call]:
    """Yield the calls of a log; ``ledger`` is filled in on the way."""
    return LogReader(Ledger() if ledger is None else ledger).calls(lines)


def collect(lines: Iterable[str], name: str = "") -> Collection:
    """Read one log."""
    collection = Collection()
    collection.reading.ledger.log = name
    collection.add(read_calls(lines, collection.reading.ledger))
    return collection


def documents(
    collection: Collection,
    source: str,
    stem: str,
    kernel: KernelVersion | None = None,
    executors: Sequence[Executor] = (),
) -> dict[str, dict[str, Any]]:
    """Return name -> document of every scenario."""
    return {found.name: found.document for found in scenarios(collection, source, stem, kernel, executors)}
