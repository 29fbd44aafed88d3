"""The comment at the top of a reproducer: what it shows, drawn before and after, and who says so."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from mremapcheck.export.c_text import comment
from mremapcheck.export.oracle import Wanted
from mremapcheck.scenario import picture
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mremap


def header(scenario: Scenario, wanted: Sequence[Wanted]) -> Iterator[str]:
    """Yield the lines of the comment."""
    yield "/*"
    for line in _lines(scenario, wanted):
        yield f" * {comment(line)}".rstrip()
    yield " */"


def _lines(scenario: Scenario, wanted: Sequence[Wanted]) -> Iterator[str]:
    yield from textwrap.wrap(f"{scenario.summary}.".replace("..", "."), 100)
    if scenario.about:
        yield ""
        yield from textwrap.wrap(scenario.about, 100)
    yield ""
    yield from (f"  {line}" for line in _table(scenario, wanted))
    yield ""
    explained = scenario.document.get("vmas", {})
    letters = [line for line in picture.legend(scenario).splitlines() if line[0] in explained]
    if letters:
        yield from (f"  {line}" for line in letters)
        yield ""
    yield "One character is a page: a letter tells whose data it holds, _ nobody's, . not mapped, ? not readable."
    if scenario.cite:
        yield ""
        yield from textwrap.wrap("See " + ", ".join(scenario.cite), 100, break_long_words=False)
    yield ""
    yield f"  cc -o {scenario.name} {scenario.name}.c && ./{scenario.name}"


def _table(scenario: Scenario, wanted: Sequence[Wanted]) -> Iterator[str]:
    last = sum(isinstance(operation, Mremap) for operation in scenario.script) - 1
    drawings = {region.name: picture.drawing(region) for region in scenario.regions}
    places = [*drawings]
    for entry in wanted:
        for where, _ in entry.facts:
            place = where.removeprefix("regions.")
            if place != where and place not in places:
                places.append(place)
    rows = [["", *places, ""], ["before", *(drawings.get(place, "") for place in places), ""]]
    for entry in wanted:
        facts = dict(entry.facts)
        after = [facts.get(f"regions.{place}", "") for place in places]
        after = [_full(text, drawings.get(place, "")) for text, place in zip(after, places, strict=True)]
        names = (f"moves[{last}].errno", f"moves[{last}].verdict")
        words = [facts[name] for name in names if facts.get(name, "none") != "none"]
        rows.append([_kernels(entry.kernel), *after, ", ".join(words)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _full(after: str, before: str) -> str:
    """Give a drawing the holes at its end back."""
    return after.ljust(len(before), ".") if after and "{" not in after + before else after


def _kernels(text: str) -> str:
    return "every kernel" if text == "*" else text
