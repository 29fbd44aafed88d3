"""A scenario as data: what the loader makes of a YAML document and what executors run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mremapcheck.base.dataclass import LATER, dataclass
from mremapcheck.base.units import pages
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.scenario.operations import ClearRefs, Mmap, Mprotect, Operation, UffdWriteprotect


@dataclass(frozen=True, slots=True)
class Run:
    """Pages of one letter that one mmap call makes; ``start`` and ``pages`` in pages from the region's start."""

    letter: str
    start: int
    pages: int


@dataclass(frozen=True, slots=True)
class Region:
    """A named stretch of pages; ``start`` is its absolute address in bytes, ``pages`` the length of its drawing.

    Whatever is mapped in ``[floor, ceiling)`` afterwards is reported as this region's: no other one comes near.
    """

    name: str
    start: int
    pages: int
    runs: tuple[Run, ...]
    floor: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Limit:
    """A resource limit in bytes; a relative one counts from what is in use when the moves begin."""

    size: int
    relative: bool


@dataclass(frozen=True, slots=True)
class Process:
    """Conditions of the process that makes the moves.

    It is always an ordinary user's: without CAP_IPC_LOCK and CAP_SYS_RAWIO unless ``keep`` names them. ``rlimits`` (of
    memlock, as, data) and ``map_headroom`` (map slots left below vm.max_map_count) hold from the first move on;
    with ``fork`` the moves are made by a child that inherited the mappings. ``seccomp``: system calls that a filter
    refuses from then on, each with the errno's name.
    """

    rlimits: Mapping[str, Limit] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    map_headroom: int | None = None
    fork: bool = False
    seccomp: tuple[tuple[str, str], ...] = field(default=(), metadata=LATER)

    @property
    def refuses_mremap(self) -> str | None:
        """The errno with which the filter answers to mremap(2); None: it lets it through."""
        return dict(self.seccomp).get("mremap")


@dataclass(frozen=True, slots=True)
class MoveExpectation:
    """What is expected of one move; None where nothing is said. ``committed``: pages that Committed_AS grows by."""

    errno: str | None = None
    result: str | None = None
    verdict: str | None = None
    committed: int | None = None


@dataclass(frozen=True, slots=True)
class MappingExpectation:
    """What is expected of one mapping, in the words of outcomes; None where nothing is said.

    ``offset`` in pages; ``flags`` are those that it has, ``without`` those that it has not.
    """

    prot: str | None = None
    sharing: str | None = None
    offset: int | None = None
    flags: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pkey: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the kernels of a range do: the moves (by index; -1 is the last), and what is left afterwards.

    ``regions`` are drawings (see ``drawing``); ``layout`` gives the boundaries of the mappings of a region as
    (start, pages) in pages; ``counters`` are pages; ``events`` as in the outcome's JSON. ``faults``: all that the last
    move can come to besides when memory runs out in it, each with ``moves`` and ``regions`` alone; None: nothing said.
    ``mappings`` are all of a region; ``bits`` drawings of them, by the bit's name and the region.
    """

    kernel: KernelRange
    moves: Mapping[int, MoveExpectation]
    regions: Mapping[str, str]
    layout: Mapping[str, tuple[tuple[int, int], ...]]
    counters: Mapping[str, int]
    events: tuple[Mapping[str, str], ...] | None
    line: int = field(default=0, compare=False)
    mappings: Mapping[str, tuple[MappingExpectation, ...]] = field(default_factory=dict)
    faults: tuple[Expectation, ...] | None = None
    bits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def only_faults(self) -> bool:
        """Tell whether nothing is said of what happens while there is memory."""
        others = self.moves or self.regions or self.layout or self.counters or self.events is not None
        return self.faults is not None and not others


@dataclass(frozen=True, slots=True)
class Scenario:
    """One document, ready to be run.

    ``setup`` is the drawing as operations, ``script`` the items of ``moves`` in order. ``document`` is the plain data
    (JSON types only) it was made from: parsing that again gives an equal scenario, which is how it travels to a worker
    or a guest. ``features`` are what a kernel must have (mseal, uffd, io-uring ...) or the scenario is skipped.
    """

    name: str
    summary: str
    about: str
    cite: tuple[str, ...]
    regions: tuple[Region, ...]
    setup: tuple[Operation, ...]
    script: tuple[Operation, ...]
    process: Process
    expect: tuple[Expectation, ...]
    features: frozenset[str]
    document: Mapping[str, Any] = field(compare=False, repr=False)
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All of them, in order: the set-up, and what the script does."""
        return *self.setup, *self.script

    @property
    def digest(self) -> str:
        """What is run, as 16 hexadecimal digits: the same whatever the words and expectations are."""
        from mremapcheck.scenario.digest import digest  # computed only where it is reported

        return digest(self.regions, self.setup, self.script, self.process)

    @property
    def bits(self) -> tuple[str, ...]:
        """The bits of page table entries that it makes and so looks at: uffd-wp, soft-dirty."""
        done = {type(step) for step in self.script}
        return tuple(
            name for name, operation in (("uffd-wp", UffdWriteprotect), ("soft-dirty", ClearRefs)) if operation in done
        )

    @property
    def keys(self) -> int:
        """How many protection keys it needs, all from 1 to the highest; 0: it names none.

        Key 0 is everybody's, but without any a machine refuses pkey_mprotect(2): so one is needed with it.
        """
        named = (step.pkey for step in self.operations if isinstance(step, Mprotect))
        return max((max(key, 1) for key in named if key is not None), default=0)

    @property
    def asks_committed(self) -> bool:
        """Whether anything is expected of Committed_AS, which then is measured around each move."""
        return any(move.committed is not None for entry in self.expect for move in entry.moves.values())

    def heading(self) -> dict[str, Any]:
        """Return how every report's items name the scenario that they are about."""
        return {
            "scenario": self.name,
            "path": self.path,
            "line": self.line,
            "digest": self.digest,
            "summary": self.summary,
        }

    def objects(self) -> dict[str, tuple[str, int]]:
        """Return the kind of each object that is mapped, and its length in pages: long enough for every mapping."""
        found: dict[str, tuple[str, int]] = {}
        for step in self.operations:
            if isinstance(step, Mmap) and step.object:
                end = step.offset + pages(step.size)
                found[step.object] = (step.kind, max(end, found[step.object][1] if step.object in found else 0))
        return found
