"""The catalogue as Markdown: a section for each theme, a subsection for each scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mremapcheck.convert.catalogue.cites import link
from mremapcheck.convert.catalogue.entries import Chapter, Entry, by_theme
from mremapcheck.convert.export.words import drawing_text
from mremapcheck.scenario import picture


def markdown(found: Sequence[Entry]) -> str:
    """Return the page."""
    themes = by_theme(found)
    turning = sum(entry.turns for entry in found)
    lines = [
        "# What mremap(2) does, case by case",
        "",
        f"{len(found)} scenarios; in {turning} of them kernels differ. In a drawing one character is a page: a letter",
        "tells whose data it holds, `_` is a mapped page with nobody's data, `.` a hole, `?` could not be read,",
        "`A{512}` are 512 pages.",
        "",
        *(f"- [{name}](#{name}): {len(entries)}" for name, entries in themes.items()),
    ]
    for name, entries in themes.items():
        lines += ["", f"## {name}"]
        for entry in entries:
            lines += ["", *_section(entry)]
    return "\n".join(lines) + "\n"


def _section(entry: Entry) -> Iterator[str]:
    scenario = entry.scenario
    yield from (f"### {scenario.name}", "", f"**{_text(scenario.summary)}**")
    if scenario.about:
        yield from ("", _text(scenario.about.strip()))
    yield from ("", "```")
    yield picture.regions(scenario)
    yield from ("", picture.legend(scenario))
    for part in (picture.conditions(scenario), picture.moves(scenario)):
        if part:
            yield from ("", part)
    yield from ("```", "")
    yield from _table(entry)
    if scenario.cite:
        yield from ("", "See " + ", ".join(map(_link, scenario.cite)) + ".")


def _table(entry: Entry) -> Iterator[str]:
    places = [region.name for region in entry.scenario.regions]
    for chapter in entry.chapters:
        places += [name for name in (chapter.outcome.regions if chapter.outcome else ()) if name not in places]
    causes = any(chapter.causes for chapter in entry.chapters)
    yield f"| Linux | outcome | {' | '.join(places)} |" + (" because of |" if causes else "")
    yield "|---" * (len(places) + 2 + causes) + "|"
    for chapter in entry.chapters:
        cells = [chapter.kernels, _outcome(chapter)]
        for place in places:
            drawing = chapter.outcome.regions.get(place) if chapter.outcome else None
            cells.append("" if drawing is None else f"`{drawing_text(drawing)}`")
        if causes:
            cells.append(", ".join(chapter.causes))
        yield f"| {' | '.join(cells)} |"


def _outcome(chapter: Chapter) -> str:
    if chapter.outcome is None:
        return f"{chapter.label}: {_text(chapter.reason)}"
    text = f"**{chapter.label}**" if chapter.verdict in ("damaged", "partial") else chapter.label
    if chapter.kind in ("counters", "layout", "events", "contents"):
        text += f" (other {chapter.kind})"
    return "<br>".join([text, *map(_text, chapter.details)])


def _link(cite: str) -> str:
    text, target = link(cite)
    return f"[{_text(text)}]({target})" if target else _text(text)


def _text(text: str) -> str:
    """Return text that means itself in Markdown, in a table too."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
