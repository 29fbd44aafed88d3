"""The entries of ``expect``: what the kernels of a range do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import quote
from mremapcheck.base.units import PAGE
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.vm_flags import PROT_TEXT, PROTECTIONS, VM_FLAGS
from mremapcheck.scenario.address import REGION_NAME
from mremapcheck.scenario.containers import ListOf, MapOf, Struct, TaggedUnion, key
from mremapcheck.scenario.document import Expectation, MappingExpectation, MoveExpectation
from mremapcheck.scenario.fields import Choice, Field, Integer, Text
from mremapcheck.scenario.names import BITS, LAST_KEY, PROTS
from mremapcheck.scenario.reader import Reader, Refused, did_you_mean
from mremapcheck.scenario.values import ERRNO, KERNELS, LAYOUT, DrawingField, PageChange, Result, Size, known_place
from mremapcheck.scenario.verdicts import FAILURES, VERDICTS


@dataclass(slots=True, kw_only=True)
class MoveExpectItem:
    """What is expected of one move."""

    errno: str | None = key(ERRNO, "the errno's name, or none for a success", default=None)
    result: str | None = key(Result(), "the address returned: `dst`, `src+2p`, `elsewhere`", default=None)
    verdict: str | None = key(Choice(VERDICTS), "what the move did, in one word", default=None)

    def violations(self) -> Iterator[Refused]:
        """Yield an errno that contradicts the result or the verdict."""
        fails = self.errno not in (None, "none")
        if self.result is not None and (fails or self.verdict in FAILURES):
            hint = "`result` is the address that a success returns; leave it out, or the errno"
            yield Refused("a move that fails has no result", hint, at=("result",))
        elif self.verdict is not None and fails and self.verdict not in FAILURES:
            yield Refused(
                f"a move that fails is not `{self.verdict}`", "one of " + ", ".join(FAILURES), at=("verdict",)
            )
        elif self.errno == "none" and self.verdict in FAILURES:
            hint = "one of " + ", ".join(name for name in VERDICTS if name not in FAILURES)
            yield Refused(f"a move that succeeds is not `{self.verdict}`", hint, at=("verdict",))

    def expectation(self) -> MoveExpectation:
        """Return it as executors' outcomes are held against it: a result or a success' verdict implies no errno."""
        succeeds = self.result is not None or (self.verdict is not None and self.verdict not in FAILURES)
        return MoveExpectation("none" if succeeds else self.errno, self.result, self.verdict)

    def says_nothing(self) -> bool:
        """Tell whether nothing is expected."""
        return self.errno is None and self.result is None and self.verdict is None


@dataclass(slots=True, kw_only=True)
class MeasuredMoveItem(MoveExpectItem):
    """What is expected of one move, and of what is measured around it."""

    committed: int | None = key(PageChange(), "by how much it changes Committed_AS: `+2p`, `-1p`, `0p`", default=None)

    def expectation(self) -> MoveExpectation:
        """Return it as executors' outcomes are held against it, with what Committed_AS changes by, in pages."""
        committed = None if self.committed is None else self.committed // PAGE
        return replace(MoveExpectItem.expectation(self), committed=committed)

    def says_nothing(self) -> bool:
        """Tell whether nothing is expected, of Committed_AS neither."""
        return MoveExpectItem.says_nothing(self) and self.committed is None


@dataclass(slots=True, kw_only=True)
class RemapEvent:
    """UFFD_EVENT_REMAP."""

    event: str = key(Choice(("remap",)), "UFFD_EVENT_REMAP")
    from_: str = key(Result(), "where the range was")
    to: str = key(Result(), "where it is now")
    len: int = key(Size(multiple=PAGE), "how long it is: `2p`")

    def to_json(self) -> dict[str, str]:
        """Return the event as an outcome has it."""
        return {"event": "remap", "from": self.from_, "to": self.to, "len": f"{self.len // PAGE}p"}


@dataclass(slots=True, kw_only=True)
class UnmapEvent:
    """UFFD_EVENT_UNMAP."""

    event: str = key(Choice(("unmap",)), "UFFD_EVENT_UNMAP")
    start: str = key(Result(), "the first byte")
    end: str = key(Result(), "the first byte behind it")

    def to_json(self) -> dict[str, str]:
        """Return the event as an outcome has it."""
        return {"event": "unmap", "start": self.start, "end": self.end}


@dataclass(slots=True, kw_only=True)
class Counters:
    """Accounting afterwards, beyond an empty arena's."""

    locked: int | None = key(Size(multiple=PAGE), "VmLck: `2p`", default=None)
    total: int | None = key(Size(multiple=PAGE), "VmSize: `9p`", default=None)

    def pages(self) -> dict[str, int]:
        """Return what is said, in pages."""
        said = {"locked": self.locked, "total": self.total}
        return {name: size // PAGE for name, size in said.items() if size is not None}


def _known_bit(name: str, reader: Reader) -> None:
    if name not in BITS:
        raise Refused(f"there is no bit {quote(name)}", did_you_mean(name, BITS), on_key=True)


#: Drawings of regions: ``#`` where a page has the bit, ``-`` where not.
_DRAWINGS = MapOf(
    Text("a drawing of bits", "[#.-]*", "`#` has it, `-` has it not, `.` is a hole"), REGION_NAME, known_place
)


@dataclass(slots=True, kw_only=True)
class MappingItem:
    """What is expected of one mapping of a region."""

    prot: str | None = key(Choice(PROTS), "its protection", default=None)
    sharing: str | None = key(Choice(("private", "shared")), "whose its changes are", default=None)
    offset: int | None = key(Size(multiple=PAGE), "where in its file it begins: `4p`", default=None)
    flags: tuple[str, ...] = key(
        ListOf(Choice(VM_FLAGS.values()), most=8, single=True), "what it is: `locked`", default=()
    )
    without: tuple[str, ...] = key(ListOf(Choice(VM_FLAGS.values()), most=8, single=True), "what it is not", default=())
    pkey: int | None = key(Integer(0, LAST_KEY), "its protection key", default=None)

    def violations(self) -> Iterator[Refused]:
        """Yield a flag that is there and is not."""
        for flag in self.flags:
            if flag in self.without:
                yield Refused(f"`{flag}` is in `flags` and in `without`", "leave one of them out", at=("without",))

    def expectation(self) -> MappingExpectation:
        """Return it in the words of outcomes."""
        prot = None if self.prot is None else PROT_TEXT[PROTECTIONS[self.prot]]
        offset = None if self.offset is None else self.offset // PAGE
        return MappingExpectation(prot, self.sharing, offset, self.flags, self.without, self.pkey)


EVENT: Field[RemapEvent | UnmapEvent] = TaggedUnion("event", (Struct(RemapEvent), Struct(UnmapEvent)))


@dataclass(slots=True, kw_only=True)
class FaultItem(MoveExpectItem):
    """One thing that the last move can come to when memory runs out; the other keys are regions, drawn afterwards."""

    regions: Mapping[str, str] = field(default_factory=dict)

    def entry(self, kernel: KernelRange, line: int) -> Expectation:
        """Return it as outcomes are held against it."""
        return Expectation(kernel, {-1: self.expectation()}, self.regions, {}, {}, None, line=line)


FAULT = Struct(FaultItem, others=MapOf(DrawingField(), REGION_NAME, known_place), others_into="regions")


@dataclass(slots=True, kw_only=True)
class ExpectItem(MeasuredMoveItem):
    """What the kernels of a range do; the other keys are regions, with their drawings afterwards."""

    kernel: KernelRange = key(KERNELS, 'which kernels: ">=6.17-rc1, <6.17-rc3"; all unless said', default=KernelRange())
    moves: tuple[MeasuredMoveItem, ...] | None = key(
        ListOf(Struct(MeasuredMoveItem)), "of each move, where it is not only of the last", default=None
    )
    layout: Mapping[str, tuple[tuple[int, int], ...]] = key(
        MapOf(LAYOUT, REGION_NAME, known_place), "mappings of a region: `0+3 3+1` (start+pages)", default=dict
    )
    mappings: Mapping[str, tuple[MappingItem, ...]] = key(
        MapOf(ListOf(Struct(MappingItem)), REGION_NAME, known_place),
        "all mappings of a region, in order: `[{prot: r, flags: locked}, {}]`",
        default=dict,
    )
    bits: Mapping[str, Mapping[str, str]] = key(
        MapOf(_DRAWINGS, "|".join(BITS), _known_bit),
        'bits of page table entries: `{uffd-wp: {dst: "##-"}}`',
        default=dict,
    )
    counters: Counters | None = key(Struct(Counters), "pages locked and mapped", default=None)
    events: tuple[RemapEvent | UnmapEvent, ...] | None = key(ListOf(EVENT), "events of a userfaultfd", default=None)
    faults_: tuple[FaultItem, ...] | None = key(
        ListOf(FAULT), "what the last move can come to besides when memory runs out in it", default=None
    )
    regions: Mapping[str, str] = field(default_factory=dict)

    def violations(self) -> Iterator[Refused]:
        """Yield what contradicts itself."""
        yield from MoveExpectItem.violations(self)
        if self.moves is not None and not self.says_nothing():
            yield Refused("`moves` tells what is expected of the last move too", "say it there", at=("moves",))

    def entry(self, line: int) -> Expectation:
        """Return the entry as outcomes are held against it."""
        if self.moves is not None:
            moves = {index: item.expectation() for index, item in enumerate(self.moves) if not item.says_nothing()}
        else:
            moves = {} if self.says_nothing() else {-1: self.expectation()}
        return Expectation(
            kernel=self.kernel,
            moves=moves,
            regions=self.regions,
            layout=self.layout,
            counters=self.counters.pages() if self.counters else {},
            events=None if self.events is None else tuple(event.to_json() for event in self.events),
            faults=None if self.faults_ is None else tuple(item.entry(self.kernel, line) for item in self.faults_),
            line=line,
            bits=self.bits,
            mappings={region: tuple([item.expectation() for item in items]) for region, items in self.mappings.items()},
        )


EXPECT = Struct(ExpectItem, others=MapOf(DrawingField(), REGION_NAME, known_place), others_into="regions")
