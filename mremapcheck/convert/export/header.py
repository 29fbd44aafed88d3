"""The comment at the top of a reproducer: what it shows, drawn before and after, and who says so."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from mremapcheck.base.text import c
from mremapcheck.base.units import PAGE
from mremapcheck.convert.catalogue.cites import titled
from mremapcheck.convert.export.eras import eras
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.scenario import picture
from mremapcheck.scenario.document import Scenario


def header(scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> Iterator[str]:
    """Yield the lines of the comment."""
    yield from c.comment(_lines(scenario, wanted))


def _lines(scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> Iterator[str]:
    yield from _wrapped(f"{scenario.summary}.".replace("..", "."))
    if scenario.about:
        yield ""
        yield from _wrapped(scenario.about)
    yield ""
    found = eras(wanted)
    if not scenario.expect:
        found = _distinguishing(found)
    yield from (f"  {line}" for line in _table(scenario, found))
    yield ""
    explained = scenario.document.get("vmas", {})
    letters = [line for line in picture.legend(scenario).splitlines() if line[0] in explained]
    if letters:
        yield from (f"  {line}" for line in letters)
        yield ""
    yield "One character is a page: a letter tells whose data it holds, _ nobody's, . not mapped, ? not readable."
    if any(where.startswith("layout.") and "+" in text for entry in found for where, text in entry.facts):
        yield "Mappings are written 0+2 where one begins at page 0 and is two pages long."
    if scenario.cite:
        yield ""
        yield "See"
        yield from (f"  {titled(cite)}" for cite in scenario.cite)
    yield ""
    yield f"  cc -o {scenario.name} {scenario.name}.c && ./{scenario.name}"
    if found:
        yield ""
        yield "Exits with 0 if this Linux does what is said of it above, 1 if not, 4 if that cannot be told;"
        yield f"./{scenario.name} 6.12 is held against what is said of 6.12."


def _wrapped(text: str) -> list[str]:
    """Return lines that break between words alone: an address with hyphens stays whole."""
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)


def _distinguishing(found: Sequence[ExpectedFacts]) -> list[ExpectedFacts]:
    """Leave out the mappings, counters and events that all eras have: a model tells every one."""
    if not found:
        return []
    same = frozenset.intersection(*(frozenset(entry.facts) for entry in found))
    told = ("moves[", "regions.")
    return [
        ExpectedFacts(
            entry.kernel, tuple(fact for fact in entry.facts if fact.where.startswith(told) or fact not in same)
        )
        for entry in found
    ]


def _table(scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> Iterator[str]:
    drawings = {region.name: picture.drawing(region) for region in scenario.regions}
    places = [*drawings]
    for entry in wanted:
        for where, _ in entry.facts:
            place = where.removeprefix("regions.")
            if place != where and place not in places:
                places.append(place)
    rows = [["", *places, ""], ["before", *(drawings.get(place, "") for place in places), ""]]
    more: list[list[str]] = [[], []]
    for entry in wanted:
        facts = dict(entry.facts)
        after = [facts.get(f"regions.{place}", "") for place in places]
        after = [_full(text, drawings.get(place, "")) for text, place in zip(after, places, strict=True)]
        rows.append([_kernels(entry.kernel), *after, "; ".join([*_moves(facts), *_counters(facts)])])
        more.append([*_more(facts)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row, lines in zip(rows, more, strict=True):
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        yield from (f"{'':<{widths[0]}}  {line}" for line in lines)


def _moves(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield what the moves do of which anything is expected: ``EFAULT, damaged`` or ``moved, then EFAULT refused``."""
    numbers = sorted({int(where[6 : where.index("]")]) for where in facts if where.startswith("moves[")})
    said = []
    for number in numbers:
        words = [facts.get(f"moves[{number}].{name}", "none") for name in ("errno", "verdict")]
        said.append([word for word in words if word != "none"] or ["success"])
        if committed := facts.get(f"moves[{number}].committed"):
            said[-1].append(f"commits {committed}")
    if len(said) > 2 and all(words == said[0] for words in said):
        yield f"{' '.join(said[0])}, each of {len(said)}"
    elif said:
        yield ", then ".join((", " if len(said) == 1 else " ").join(words) for words in said)


def _counters(facts: Mapping[str, str]) -> Iterator[str]:
    if "counters.locked" in facts:
        yield f"VmLck {int(facts['counters.locked'][:-1]) * PAGE // 1024} kB"
    if "counters.total" in facts:
        yield f"{facts['counters.total'][:-1]} pages mapped"


def _more(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield what does not fit into columns: mappings, bits of page table entries and events."""
    runs = [(where[7:], text) for where, text in facts.items() if where.startswith("layout.")]
    mappings = [f"{place} {text}" for place, text in runs if "+" in text]
    if mappings:
        yield f"mappings: {', '.join(mappings)}"
    for where, text in facts.items():
        if where.startswith("bits."):
            yield " ".join([*where.split(".")[1:], text])
    if "events" in facts:
        yield from (f"event: {event}" for event in facts["events"].split("; ") if event != "none")


def _full(after: str, before: str) -> str:
    """Give a drawing the holes at its end back."""
    return after.ljust(len(before), ".") if after and "{" not in after + before else after


def _kernels(text: str) -> str:
    return "every kernel" if text == "*" else text
