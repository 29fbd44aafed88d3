"""The catalogue as Markdown: a section for each theme, a subsection for each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mremapcheck.base.text.markdown import block, cell_code, link, paragraphs, row, text
from mremapcheck.convert.catalogue.cites import link as where
from mremapcheck.convert.catalogue.entries import CatalogueEra, Entry, by_theme
from mremapcheck.convert.export.words import drawing_text
from mremapcheck.scenario import picture


def markdown(found: Sequence[Entry]) -> str:
    """Return the page."""
    themes = by_theme(found)
    turning = sum(entry.turns for entry in found)
    lines = [
        "# What mremap(2) does, case by case",
        "",
        f"{len(found)} scenario{'' if len(found) == 1 else 's'}; kernels differ in {turning}. One character of a",
        "drawing is a page: a letter tells whose data it holds, `_` is a mapped page with nobody's data, `.` a hole,",
        "`?` could not be read, `A{512}` is a run of 512 pages. Holes at the end are left out.",
        "",
        *(f"- [{text(name)}](#{name}): {len(entries)}" for name, entries in themes.items()),
    ]
    for name, entries in themes.items():
        lines += ["", f"## {text(name)}"]
        for entry in entries:
            lines += ["", *_section(entry)]
    return "\n".join(lines) + "\n"


def _section(entry: Entry) -> Iterator[str]:
    scenario = entry.scenario
    yield from (f"### {text(scenario.name)}", "", f"**{text(scenario.summary)}**")
    if scenario.about:
        yield from ("", paragraphs(scenario.about))
    parts = [picture.regions(scenario), picture.legend(scenario), picture.conditions(scenario), picture.moves(scenario)]
    yield from ("", *block(["\n\n".join(filter(None, parts))]), "")
    yield from _table(entry)
    if scenario.cite:
        yield from ("", f"See {', '.join(link(*where(cite)) for cite in scenario.cite)}.")


def _table(entry: Entry) -> Iterator[str]:
    places = [region.name for region in entry.scenario.regions]
    for chapter in entry.chapters:
        places += [name for name in (chapter.outcome.regions if chapter.outcome else ()) if name not in places]
    causes = any(chapter.causes for chapter in entry.chapters)
    columns = ["Linux", "outcome", *map(text, places), *(["because of"] if causes else [])]
    yield from (row(columns), row(["---"] * len(columns)))
    for chapter in entry.chapters:
        cells = [text(chapter.kernels), _outcome(chapter)]
        for place in places:
            drawing = chapter.outcome.regions.get(place) if chapter.outcome else None
            cells.append("" if drawing is None else cell_code(drawing_text(drawing)))
        if causes:
            cells.append(text(", ".join(chapter.causes)))
        yield row(cells)


def _outcome(chapter: CatalogueEra) -> str:
    if chapter.outcome is None:
        return text(f"{chapter.label}: {chapter.reason}")
    said = text(chapter.label)
    if chapter.verdict in ("damaged", "partial"):
        said = f"**{said}**"
    if chapter.class_name in ("counters", "layout", "events", "contents"):
        said += f" (other {chapter.class_name})"
    return "<br>".join([said, *map(text, chapter.details)])
