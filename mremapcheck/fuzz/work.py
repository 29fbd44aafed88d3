"""One piece of a campaign, as a worker process does it: run, compare, shrink, find the cause."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mremapcheck.errors import ExecutorError
from mremapcheck.fuzz.blame import Blame
from mremapcheck.fuzz.finding import Finding, Mismatch, examine
from mremapcheck.fuzz.pair import Document, Opener, Pair, default_opener, drop_pair, kept_pair, load
from mremapcheck.fuzz.shrink import shrink
from mremapcheck.fuzz.source import Source

#: Of mismatches that look alike within one piece so many are shrunk; more are only counted, with the last of them.
ALIKE = 8


@dataclass(frozen=True, slots=True)
class Task:
    """The scenarios numbered ``start`` up to ``stop`` of a source, on kernels ``a`` and ``b``.

    ``tries``: how often a shrinking scenario may be run. ``opener`` is a module-level function, so that it can travel.
    """

    a: str
    b: str
    source: Source
    start: int
    stop: int
    tries: int = 500
    opener: Opener = default_opener


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of a task. The numbers are of scenarios; ``refused``: a set-up step failed alike on both sides.

    ``unloadable`` are documents that are no scenario. ``unshrunk``: per signature how many more there were.
    """

    start: int
    stop: int
    same: int = 0
    different: int = 0
    refused: int = 0
    unloadable: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    mismatches: tuple[Mismatch, ...] = ()
    unshrunk: dict[tuple[str, ...], int] = field(default_factory=dict)


def work(task: Task) -> Piece:
    """Do a task with this process's executors. Where an executor gives up the task is tried once more with new ones.

    Raises ExecutorError where that fails as well.
    """
    try:
        return _work(task)
    except ExecutorError:
        drop_pair(task.a, task.b, task.opener)
        return _work(task)


def _work(task: Task) -> Piece:
    pair = kept_pair(task.a, task.b, task.opener)
    documents = list(task.source.documents(task.start, task.stop))
    loaded = [(number, document, load(document)) for number, document in enumerate(documents, task.start)]
    usable = [(number, document, scenario) for number, document, scenario in loaded if scenario is not None]
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    found: list[tuple[int, Document, Finding]] = []
    ran = pair.run([scenario for _, _, scenario in usable])
    for (number, document, scenario), (a, b) in zip(usable, ran, strict=True):
        finding = examine(scenario, a, b)
        counts[finding.status] += 1
        if finding.status == "skipped":
            skipped[finding.reason or ""] += 1
        elif finding.status == "different":
            found.append((number, document, finding))
    seen: Counter[tuple[str, ...]] = Counter()
    mismatches = []
    blame = Blame(pair, task.opener)
    causes: dict[str, tuple[str, ...] | None] = {}
    for number, document, finding in found:
        seen[finding.signature] += 1
        if seen[finding.signature] > ALIKE:
            continue
        mismatches.append(_smallest(pair, blame, causes, number, document, finding, task.tries))
    return Piece(
        start=task.start,
        stop=task.start + len(documents),
        same=counts["same"],
        different=counts["different"],
        refused=counts["refused"],
        unloadable=len(documents) - len(usable),
        skipped=dict(sorted(skipped.items())),
        mismatches=tuple(mismatches),
        unshrunk={signature: count - ALIKE for signature, count in seen.items() if count > ALIKE},
    )


def _smallest(
    pair: Pair,
    blame: Blame,
    causes: dict[str, tuple[str, ...] | None],
    number: int,
    document: Document,
    finding: Finding,
    tries: int,
) -> Mismatch:
    signature = finding.signature

    def shows(candidate: Document) -> bool:
        asked = pair.ask(candidate)
        return asked is not None and asked[0].signature == signature

    smallest = shrink(document, shows, tries)
    asked = pair.ask(smallest)
    if asked is None or asked[0].signature != signature:
        # It came once and not again: a kernel that does not always do the same. Report it as it was drawn.
        return Mismatch(number, document, document, ("unsteady", *signature), _plain(finding), {}, {})
    final, a, b = asked
    key = form(smallest)
    if key not in causes:
        causes[key] = blame.causes(smallest, signature)
    return Mismatch(number, document, smallest, signature, _plain(final), a.to_json(), b.to_json(), causes[key])


def _plain(finding: Finding) -> tuple[dict[str, Any], ...]:
    return tuple(difference.to_json() for difference in finding.differences)


def form(document: Document) -> str:
    """Return a scenario's form: equal for documents that say the same with other letters, names or words."""
    drawings = {name: str(drawing) for name, drawing in document["map"].items()}
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
        "map": {name: "".join(order.get(mark, mark) for mark in drawing) for name, drawing in drawings.items()},
        "vmas": dict(sorted(vmas.items())),
        "moves": plain(document["moves"]),
        "process": plain(document.get("process", {})),
    }
    return repr(told)
