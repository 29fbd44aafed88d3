"""What an executor saw, as data: the same shape from the running kernel, the model and a virtual machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Literal, Protocol, TypeAlias

from mremapcheck.base.dataclass import dataclass
from mremapcheck.scenario.verdicts import Verdict

ExecutionStatus: TypeAlias = Literal["ran", "skip", "error"]


@dataclass(frozen=True, slots=True)
class MoveOutcome:
    """One move: ``errno`` by name or None, ``result`` as a region address (``dst+1p``, ``elsewhere``) or None.

    ``committed``: pages that Committed_AS grew by; None: nobody measured it.
    """

    errno: str | None
    result: str | None
    verdict: Verdict
    committed: int | None = None

    def __str__(self) -> str:
        return self.verdict if self.errno is None else f"{self.errno} {self.verdict}"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that reports have (`mremapcheck schema run`)."""
        committed = {} if self.committed is None else {"committed": self.committed}
        return {"errno": self.errno, "result": self.result, "verdict": self.verdict, **committed}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MoveOutcome:
        """Read what ``to_json`` gave."""
        return cls(data["errno"], data["result"], data["verdict"], data.get("committed"))


@dataclass(frozen=True, slots=True)
class MappingOutcome:
    """One line of /proc/self/maps afterwards; ``start`` (from the region's), ``pages`` and ``offset`` in pages.

    ``backing``: anon, shmem, file, dev-zero, sysv-shm, io-uring, aio, hugetlb, secret, vdso, vvar. ``flags``, sorted:
    accounted, dontfork, guard, locked, sealed, uffd-missing, uffd-wp and other names of smaps' VmFlags. ``pkey``: its
    protection key.
    """

    region: str
    start: int
    pages: int
    prot: str
    sharing: str
    backing: str
    offset: int
    flags: tuple[str, ...] = ()
    pkey: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that reports have (`mremapcheck schema run`)."""
        return {
            "region": self.region,
            "start": self.start,
            "pages": self.pages,
            "prot": self.prot,
            "sharing": self.sharing,
            "backing": self.backing,
            "offset": self.offset,
            "flags": list(self.flags),
            **({"pkey": self.pkey} if self.pkey else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MappingOutcome:
        """Read what ``to_json`` gave."""
        keys = ("region", "start", "pages", "prot", "sharing", "backing", "offset")
        return cls(**{key: data[key] for key in keys}, flags=tuple(data["flags"]), pkey=data.get("pkey", 0))


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was observed after a scenario.

    ``regions`` are drawings; ``contents`` says more exactly whose data each mapped page holds, as runs
    (region, start, pages, letter, first page of the letter); ``residency`` draws ``#`` for a page that the page tables
    had, ``-`` for a mapped one they had not, ``.`` for a hole, before anything was read; ``counters`` are pages, beyond
    what the empty arena costs; ``unobserved`` gives the reason for each ``?`` (address -> reason). ``bits`` draws so
    which pages had a bit of their page table entry, by its name (uffd-wp, soft-dirty) and the region.
    """

    moves: tuple[MoveOutcome, ...]
    regions: Mapping[str, str]
    mappings: tuple[MappingOutcome, ...]
    counters: Mapping[str, int]
    events: tuple[Mapping[str, str], ...] = ()
    kernel_log: tuple[str, ...] = ()
    contents: tuple[tuple[str, int, int, str, int], ...] = ()
    residency: Mapping[str, str] = field(default_factory=dict)
    unobserved: Mapping[str, str] = field(default_factory=dict)
    bits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def committed(self) -> str:
        """By how much each move changed Committed_AS, in a line: ``+1p, -3p``; empty where nobody measured it."""
        if all(move.committed is None for move in self.moves):
            return ""
        return ", ".join("?" if move.committed is None else pages_more(move.committed) for move in self.moves)

    @property
    def label(self) -> str:
        """The last move in a word or two: ``moved``, ``EFAULT partial``."""
        return str(self.moves[-1]) if self.moves else "no move"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that reports have (`mremapcheck schema run`)."""
        return {
            "moves": [move.to_json() for move in self.moves],
            "regions": dict(self.regions),
            "mappings": [mapping.to_json() for mapping in self.mappings],
            "counters": dict(self.counters),
            "events": [dict(event) for event in self.events],
            "kernel_log": list(self.kernel_log),
            "contents": [list(run) for run in self.contents],
            "residency": dict(self.residency),
            "unobserved": dict(self.unobserved),
            **({"bits": {name: dict(drawings) for name, drawings in self.bits.items()}} if self.bits else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """Read what ``to_json`` gave."""
        return cls(
            moves=tuple(MoveOutcome.from_json(move) for move in data["moves"]),
            regions=data["regions"],
            mappings=tuple(MappingOutcome.from_json(mapping) for mapping in data["mappings"]),
            counters=data["counters"],
            events=tuple(data["events"]),
            kernel_log=tuple(data["kernel_log"]),
            contents=tuple((r, s, p, letter, first) for r, s, p, letter, first in data.get("contents", ())),
            residency=data.get("residency", {}),
            unobserved=data.get("unobserved", {}),
            bits=data.get("bits", {}),
        )


def pages_more(pages: int) -> str:
    """Say by how many pages something has changed: ``+2p``, ``-1p``, ``0p``."""
    return f"{pages:+}p" if pages else "0p"


def events_text(events: Iterable[Mapping[str, str]]) -> str:
    """Say the events in one line, ``none`` where there are none."""
    texts = [
        " ".join([event["event"], *(f"{key}={value}" for key, value in event.items() if key != "event")])
        for event in events
    ]
    return "; ".join(texts) or "none"


@dataclass(frozen=True, slots=True)
class Note:
    """One step that a model took: its name, what came of it, and the change that put it there (None: the base)."""

    step: str
    text: str
    change: str | None = None


class RawOutcome(Protocol):
    """What an executor saw, before it is put into words (see ``assemble``)."""

    def outcome(self) -> Outcome:
        """Put it into words."""
        ...

    def agrees(self, other: Any) -> bool:
        """Tell whether both are sure to have the same outcome; False says nothing."""
        ...


@dataclass(frozen=True, slots=True)
class RanOut:
    """Where memory was made to run out: a model's step, the step that it is part of, and the change that put it there.

    A real kernel does not say where: then all are empty.
    """

    step: str = ""
    within: str = ""
    change: str | None = None

    def __str__(self) -> str:
        place = f"{self.step} in {self.within}" if self.within else self.step
        return f"{place} ({self.change})" if self.change else place

    def to_json(self) -> dict[str, Any]:
        """Return plain data that ``from_json`` reads."""
        return {"step": self.step, "within": self.within, "change": self.change}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RanOut:
        """Read what ``to_json`` gave."""
        return cls(data["step"], data["within"], data["change"])


class Execution:
    """One scenario on one kernel: an outcome, or the reason why there is none.

    ``skip``: this kernel (or this user) cannot do what the scenario needs. ``error``: a set-up step failed, or the
    executor died; an ``error`` never says anything about the kernel's behaviour. ``trace``: only from a model.
    ``ran_out``: memory was made to run out in the last move (see ``Mremap.fail_nth``); None where it was not.
    ``kernel_log``: what the kernel complained of where the guest died of it; else the outcome has it.

    Executors give facts, which become an outcome when somebody asks for it: a campaign mostly has no need to.
    """

    __slots__ = ("_facts", "_kernel_log", "_outcome", "ran_out", "reason", "status", "trace")

    def __init__(
        self,
        status: ExecutionStatus,
        outcome: Outcome | None,
        reason: str | None = None,
        trace: tuple[Note, ...] = (),
        ran_out: RanOut | None = None,
        kernel_log: tuple[str, ...] = (),
    ) -> None:
        self.status = status
        self.reason = reason
        self.trace = trace
        self.ran_out = ran_out
        self._outcome = outcome
        self._kernel_log = kernel_log
        self._facts: RawOutcome | None = None

    @classmethod
    def of(cls, facts: RawOutcome, trace: tuple[Note, ...] = (), ran_out: RanOut | None = None) -> Execution:
        """Return the execution of a scenario that ran."""
        execution = cls("ran", None, None, trace, ran_out)
        execution._facts = facts
        return execution

    @property
    def outcome(self) -> Outcome | None:
        """What was observed; None where the scenario did not run to its end."""
        if self._facts is not None:
            self._outcome = self._facts.outcome()
            self._facts = None
        return self._outcome

    @property
    def kernel_log(self) -> tuple[str, ...]:
        """What the kernel complained of meanwhile."""
        return self.outcome.kernel_log if self.outcome is not None else self._kernel_log

    def agrees(self, other: Execution) -> bool:
        """Tell whether both ran and have the same outcome."""
        if self._facts is not None and other._facts is not None and self._facts.agrees(other._facts):
            return True
        return self.outcome is not None and self.outcome == other.outcome

    def share(self, other: Execution) -> None:
        """Have the other's outcome in the place of an equal one: drawings of gigabytes are large."""
        if self.agrees(other):
            self._facts, self._outcome = None, other.outcome

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Execution):
            return NotImplemented
        mine, theirs = ((each.status, each.reason, each.trace, each.outcome) for each in (self, other))
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]  # outcomes have mappings

    def __repr__(self) -> str:
        return f"Execution({self.status!r}, {self.outcome!r}, {self.reason!r}, {self.trace!r})"

    def __reduce__(self) -> tuple[type[Execution], tuple[Any, ...]]:
        return Execution, (self.status, self.outcome, self.reason, self.trace, self.ran_out, self._kernel_log)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that ``from_json`` reads."""
        return {
            "status": self.status,
            "outcome": self.outcome.to_json() if self.outcome else None,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Execution:
        """Read what ``to_json`` gave."""
        outcome = data["outcome"]
        return cls(data["status"], Outcome.from_json(outcome) if outcome else None, data["reason"])


def shared(executions: Iterable[Execution]) -> Iterator[Execution]:
    """Yield executions; neighbours that behave alike have one outcome together."""
    last = None
    for execution in executions:
        if last is not None:
            execution.share(last)
        yield execution
        last = execution
