"""One shard of a campaign, as a worker process does it: run, compare, shrink, find the cause."""

from __future__ import annotations

import gc
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mremapcheck.base.errors import ExecutorError
from mremapcheck.campaign.region import pages_of, with_pages
from mremapcheck.campaign.shrink import shrink
from mremapcheck.campaign.source import Source
from mremapcheck.compare.blame import Blame
from mremapcheck.compare.difference import Difference
from mremapcheck.compare.finding import OF_SWEEPS, Mismatch
from mremapcheck.compare.pair import Document, Opener, Pair, PairResult, drop_pair, kept_pair, load
from mremapcheck.executors.references import open_executor

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario

#: Of mismatches that look alike within one shard so many are shrunk; more are only counted, with the last of them.
ALIKE = 8
#: With ``by_cause``, of mismatches with the same differences the causes of so many are looked for in one shard.
FAMILIAR = 4

_PLACE = re.compile(r"(?:\S+ \(line \d+\)|(?<![\w/])(?:map|moves)[.[]\S+): ")


@dataclass(frozen=True, slots=True)
class ShardTask:
    """The scenarios numbered ``start`` up to ``stop`` of a source, on kernels ``a`` and ``b``.

    ``tries``: how often a shrinking scenario may be run. ``by_cause``: shrink one mismatch of each class and cause
    instead of up to ``ALIKE`` that look alike and have no known cause. ``opener`` is a module-level function: it must
    travel. ``pair``: how the two are result.
    """

    a: str
    b: str
    source: Source
    start: int
    stop: int
    tries: int = 500
    by_cause: bool = False
    opener: Opener = open_executor
    pair: type[Pair] = Pair


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What came of a task. The numbers are of scenarios; ``refused``: a set-up step failed alike on both sides.

    ``skipped`` and ``unanswered`` are by reason. ``unloadable`` are documents that are no scenario. ``unshrunk``: how
    many more there were like each mismatch.
    """

    start: int
    stop: int
    same: int = 0
    different: int = 0
    refused: int = 0
    unloadable: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, int] = field(default_factory=dict)
    mismatches: tuple[Mismatch, ...] = ()
    unshrunk: tuple[int, ...] = ()


class GroupKey(NamedTuple):
    """What two mismatches have in common that are taken for one before they are shrunk."""

    signature: tuple[str, ...]
    cause: tuple[str, ...] | None


def run_shard(task: ShardTask) -> ShardResult:
    """Do a task with this process's executors. Where an executor gives up the task is tried once more with new ones.

    Raises ExecutorError where that fails as well.
    """
    collects = gc.isenabled()
    gc.disable()  # scenarios leave no cycles behind, and looking for some takes a tenth of the time
    try:
        return _run_shard(task)
    except ExecutorError:
        drop_pair(task.a, task.b, task.opener, task.pair)
        return _run_shard(task)
    finally:
        if collects:
            gc.enable()


def _run_shard(task: ShardTask) -> ShardResult:
    pair = kept_pair(task.a, task.b, task.opener, task.pair)
    counts: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {"skipped": Counter(), "unanswered": Counter()}
    found: list[tuple[int, Document, PairResult]] = []
    waiting: deque[tuple[int, Document]] = deque()

    def scenarios() -> Iterator[Scenario]:
        for number, document in enumerate(task.source.documents(task.start, task.stop), task.start):
            counts["drawn"] += 1
            scenario = load(document)
            if scenario is None:
                counts["unloadable"] += 1
            else:
                waiting.append((number, document))
                yield scenario

    for result in pair.compare(scenarios()):
        number, document = waiting.popleft()
        finding = result.finding
        counts[finding.status] += 1
        if finding.status in reasons:
            reasons[finding.status][general(finding.reason or "")] += 1
        elif finding.status == "different":
            found.append((number, document, result))
    shrinker = _Shrinker(task, pair)
    for number, document, result in found:
        shrinker.take(number, document, result)
    return ShardResult(
        start=task.start,
        stop=task.start + counts["drawn"],
        same=counts["same"],
        different=counts["different"],
        refused=counts["refused"],
        unloadable=counts["unloadable"],
        **{status: dict(sorted(counter.items())) for status, counter in reasons.items()},
        mismatches=tuple(shrinker.done),
        unshrunk=tuple(shrinker.more),
    )


def general(reason: str) -> str:
    """Return a reason without the place that it was met at, so that equal ones can be counted."""
    return _PLACE.sub("", reason)


class _Shrinker:
    """Shrinks the mismatches of one shard; knows those before, so nothing outside the shard has a say."""

    def __init__(self, task: ShardTask, pair: Pair) -> None:
        self._task = task
        self._pair = pair
        self._blame = Blame(pair.a.kernel, pair.b.kernel)
        self._seen: Counter[GroupKey] = Counter()
        self._last: dict[GroupKey, int] = {}
        self._familiar: dict[tuple[tuple[str, ...], ...], list[GroupKey]] = {}
        self.done: list[Mismatch] = []
        self.more: list[int] = []

    def take(self, number: int, document: Document, result: PairResult) -> None:
        """Shrink a mismatch, or only count it where there were enough like it, or one with the same known causes."""
        if not self._task.by_cause:
            for index, known in enumerate(self.done):
                if (
                    known.cause
                    and known.class_name == result.finding.class_name
                    and self._are_causes(known.cause, result)
                ):
                    self.more[index] += 1
                    return
        like = self._familiar_group_key(result) if self._task.by_cause else self._group_key(result)
        self._seen[like] += 1
        if self._seen[like] > (1 if self._task.by_cause else ALIKE):
            self.more[self._last[like]] += 1
            return
        self._last[like] = len(self.done)
        self.done.append(self._shrunk(number, document, result, like))
        self.more.append(0)

    def _familiar_group_key(self, result: PairResult) -> GroupKey:
        """Return the key; of those that look the same all over, only the first few are looked into."""
        look = tuple((difference.class_name, *_words(difference)) for difference in result.finding.differences)
        known = self._familiar.setdefault(look, [])
        if len(known) < FAMILIAR:
            known.append(self._group_key(result))
        return known[-1]

    def _group_key(self, result: PairResult) -> GroupKey:
        if not self._task.by_cause:
            return GroupKey(result.finding.signature, None)
        return GroupKey(result.finding.signature[:1], self._causes(result))

    def _are_causes(self, causes: tuple[str, ...], result: PairResult) -> bool:
        if result.finding.class_name in OF_SWEEPS:
            return False
        return self._blame.are_causes(causes, result.scenario, result.a, result.b)

    def _causes(self, result: PairResult) -> tuple[str, ...] | None:
        if result.finding.class_name in OF_SWEEPS:
            return None  # toggling changes tells what happens while there is memory
        return self._blame.causes(result.scenario, result.finding, result.a, result.b)

    def _shrunk(self, number: int, document: Document, result: PairResult, like: GroupKey) -> Mismatch:
        def shows(candidate: Document) -> bool:
            other = self._pair.ask(candidate)
            return other is not None and other.finding.status == "different" and self._group_key(other) == like

        smallest = shrink(document, shows, self._task.tries)
        final = self._pair.ask(smallest)
        if final is None or final.finding.class_name != result.finding.class_name:
            # It came once and not again: a kernel that does not always do the same. Report it as it was drawn.
            signature = ("unsteady", *result.finding.signature)
            return _mismatch(number, document, document, signature, result, None)
        return _mismatch(number, document, smallest, final.finding.signature, final, self._causes(final))


def _words(difference: Difference) -> tuple[str, ...]:
    return (difference.where, difference.a, difference.b) if difference.where.startswith("moves") else ()


def _mismatch(
    number: int,
    document: Document,
    smallest: Document,
    signature: tuple[str, ...],
    result: PairResult,
    cause: tuple[str, ...] | None,
) -> Mismatch:
    told = tuple(difference.to_json() for difference in result.finding.differences)
    return Mismatch(number, document, smallest, signature, told, result.a.to_json(), result.b.to_json(), cause)


def form(document: Document) -> str:
    """Return a scenario's form: equal for documents that say the same with other letters, names or words."""
    regions = document["map"]
    drawings = {name: pages_of(region) for name, region in regions.items()}
    order: dict[str, str] = {}
    for mark in "".join(drawings.values()):
        if mark.isalpha() and mark not in order:
            order[mark] = chr(ord("A") + len(order))
    files: dict[str, str] = {}

    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: plain(item, name) for name, item in sorted(value.items())}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if key == "file":
            return files.setdefault(value, f"file{len(files)}")
        return order.get(value, value) if key == "letter" else value

    vmas = {order.get(letter, letter): plain(made) for letter, made in document.get("vmas", {}).items()}
    told = {
        "map": {
            name: with_pages(regions[name], "".join(order.get(mark, mark) for mark in drawing))
            for name, drawing in drawings.items()
        },
        "vmas": dict(sorted(vmas.items())),
        "moves": plain(document["moves"]),
        "process": plain(document.get("process", {})),
    }
    return repr(told)
