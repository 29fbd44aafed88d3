"""What tells eras apart and no drawing shows: earlier moves, counters, events, and what mappings are like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mremapcheck.base.units import PAGE
from mremapcheck.outcome.outcome import MappingOutcome, Outcome, events_text


def details(outcomes: Sequence[Outcome | None], kinds: Sequence[str | None]) -> list[tuple[str, ...]]:
    """Return lines for each era; ``kinds`` are the classes of the differences between it and the one before."""
    known = [outcome for outcome in outcomes if outcome is not None]
    locked = {outcome.counters.get("locked", 0) for outcome in known}
    committed = any(outcome.committed for outcome in known)
    total = "counters" in kinds and len(locked) == 1 and not committed
    events = any(outcome.events for outcome in known)
    lines: list[tuple[str, ...]] = []
    for index, outcome in enumerate(outcomes):
        if outcome is None:
            lines.append(())
            continue
        said = [*_moves(outcome)]
        if len(locked) > 1:
            said.append(f"VmLck {outcome.counters.get('locked', 0) * PAGE // 1024} kB")
        if committed:
            said.append(f"Committed_AS {outcome.committed}")
        if total:
            said.append(f"{outcome.counters.get('total', 0)} pages mapped")
        if events:
            said += [f"event: {event}" for event in events_text(outcome.events).split("; ")]
        around = [*([index - 1] if kinds[index] == "layout" else []), *_next(index, kinds)]
        said += dict.fromkeys(line for other in around for line in _mappings(outcome, outcomes[other]))
        lines.append(tuple(said))
    return lines


def _next(index: int, kinds: Sequence[str | None]) -> list[int]:
    return [index + 1] if index + 1 < len(kinds) and kinds[index + 1] == "layout" else []


def _moves(outcome: Outcome) -> Iterator[str]:
    """Yield what all moves did, where there are several: a badge is the last one's."""
    if len(outcome.moves) > 1:
        yield ", then ".join(map(str, outcome.moves))


def _mappings(outcome: Outcome, other: Outcome | None) -> Iterator[str]:
    """Yield what the mappings are like that the other era has not, those of a region in one line."""
    known = set(other.mappings) if other is not None else set()
    regions: dict[str, list[str]] = {}
    for mapping in outcome.mappings:
        if mapping not in known:
            regions.setdefault(mapping.region, []).append(_mapping(mapping))
    yield from (f"{region}: {'; '.join(texts)}" for region, texts in regions.items())


def _mapping(mapping: MappingOutcome) -> str:
    words = [mapping.prot, mapping.sharing, mapping.backing, *mapping.flags]
    if mapping.offset:
        words.append(f"offset {mapping.offset}")
    if mapping.pkey:
        words.append(f"pkey {mapping.pkey}")
    return f"{mapping.start}+{mapping.pages} {', '.join(words)}"
