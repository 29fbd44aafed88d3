"""Outcomes and expectations as plain facts: where, and what it reads there. A pack says what it sees the same way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mremapcheck.linux.vm_flags import VM_FLAGS
from mremapcheck.outcome.outcome import Outcome, events_text, pages_more
from mremapcheck.scenario.document import Expectation, MappingExpectation
from mremapcheck.scenario.drawing import compact


class Fact(NamedTuple):
    """What is read at ``where``: ``moves[0].errno``, ``regions.src``, ``layout.dst``, ``counters.locked`` ..."""

    where: str
    text: str


def expected_facts(entry: Expectation, moves: int) -> Iterator[Fact]:
    """Yield all that one ``expect`` entry says; the scenario makes so many ``moves``."""
    for index, move in sorted(entry.moves.items()):
        place = f"moves[{index if index >= 0 else moves + index}]"
        for name, text in (("errno", move.errno), ("result", move.result), ("verdict", move.verdict)):
            if text is not None:
                yield Fact(f"{place}.{name}", text)
        if move.committed is not None:
            yield Fact(f"{place}.committed", pages_more(move.committed))
    for region, drawing in entry.regions.items():
        yield Fact(f"regions.{region}", drawing_text(drawing))
    for region, runs in entry.layout.items():
        yield Fact(f"layout.{region}", layout_text(runs))
    for region, mappings in entry.mappings.items():
        yield Fact(f"mappings.{region}", str(len(mappings)))
        for index, mapping in enumerate(mappings):
            yield from _mapping_facts(f"mappings.{region}[{index}]", mapping)
    yield from _bit_facts(entry.bits)
    for counter, pages in entry.counters.items():
        yield Fact(f"counters.{counter}", f"{pages}p")
    if entry.events is not None:
        yield Fact("events", events_text(entry.events))


def _bit_facts(bits: Mapping[str, Mapping[str, str]]) -> Iterator[Fact]:
    for bit, drawings in bits.items():
        for region, drawing in drawings.items():
            yield Fact(f"bits.{bit}.{region}", drawing_text(drawing))


def _mapping_facts(place: str, wanted: MappingExpectation) -> Iterator[Fact]:
    """Yield what is expected of a mapping; its flags as smaps calls them, `mappings.src[0].VmFlags.lo`."""
    if wanted.prot is not None:
        yield Fact(f"{place}.prot", wanted.prot)
    if wanted.sharing is not None:
        yield Fact(f"{place}.sharing", wanted.sharing)
    if wanted.offset is not None:
        yield Fact(f"{place}.offset", f"{wanted.offset}p")
    if wanted.pkey is not None:
        yield Fact(f"{place}.pkey", str(wanted.pkey))
    for code, name in VM_FLAGS.items():
        if name in wanted.flags or name in wanted.without:
            yield Fact(f"{place}.VmFlags.{code}", "yes" if name in wanted.flags else "no")


def mapping_flags(facts: Iterable[Fact], region: str) -> tuple[str, ...]:
    """Return the names in smaps of the flags of which anything is said of a region's mappings, in smaps' order."""
    said = {where.rpartition(".VmFlags.")[2] for where, _ in facts if where.startswith(f"mappings.{region}[")}
    return tuple(flag for flag in VM_FLAGS if flag in said)


def tells_keys(facts: Iterable[Fact], region: str) -> bool:
    """Tell whether anything is said of the protection keys of a region's mappings."""
    return any(where.startswith(f"mappings.{region}[") and where.endswith(".pkey") for where, _ in facts)


def seen_facts(outcome: Outcome, events: bool = True) -> Iterator[Fact]:
    """Yield all of an outcome that a pack looks at, in the order in which it prints it."""
    for index, move in enumerate(outcome.moves):
        yield Fact(f"moves[{index}].errno", move.errno or "none")
        yield Fact(f"moves[{index}].result", move.result or "none")
        yield Fact(f"moves[{index}].verdict", move.verdict)
        if move.committed is not None:
            yield Fact(f"moves[{index}].committed", pages_more(move.committed))
    for region, drawing in outcome.regions.items():
        runs = tuple((vma.start, vma.pages) for vma in outcome.mappings if vma.region == region)
        yield Fact(f"regions.{region}", drawing_text(drawing))
        yield Fact(f"layout.{region}", layout_text(runs))
    yield from _bit_facts(outcome.bits)
    for counter in ("locked", "total"):
        if counter in outcome.counters:
            yield Fact(f"counters.{counter}", f"{outcome.counters[counter]}p")
    if events:
        yield Fact("events", events_text(outcome.events))


def drawing_text(drawing: str) -> str:
    """Return a drawing without the holes at its end, long runs as ``A{512}``; a lone ``.`` where nothing is left."""
    return compact(drawing.rstrip(".")) or "."


def layout_text(runs: Sequence[tuple[int, int]]) -> str:
    """Return (start, pages) of mappings as ``0+3 3+3``."""
    return " ".join(f"{start}+{pages}" for start, pages in runs) or "no mapping"
