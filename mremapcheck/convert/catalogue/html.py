"""The catalogue as one HTML page that needs nothing else: style, script and drawings are in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from mremapcheck import __version__
from mremapcheck.base.text.html import escape, target
from mremapcheck.convert.catalogue import svg
from mremapcheck.convert.catalogue.cites import COMMITS, link
from mremapcheck.convert.catalogue.entries import CatalogueEra, Entry, by_theme
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.registry import by_id
from mremapcheck.scenario import picture

_GOOD = ("moved", "resized", "unchanged", "duplicated")
_SAME_WORD = ("counters", "layout", "events", "contents")

_VERDICTS = (
    ("good", "moved", "it worked"),
    ("refused", "refused", "failed, and nothing has changed"),
    ("partial", "partial", "failed, and some mappings have moved"),
    ("damaged", "damaged", "failed, and something is gone"),
)


def html(found: Sequence[Entry], first: str, last: str) -> str:
    """Return the page; ``first`` and ``last`` are the releases between which it tells."""
    themes = by_theme(found)
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>What mremap(2) does, case by case</title>",
        f"<style>{_file('page.css')}</style>",
        *_header(found, first, last),
        '<div class="frame">',
        *_navigation(themes),
        "<main>",
    ]
    for name, entries in themes.items():
        parts.append(f'<section><h2 id="theme-{escape(name)}">{escape(name)}</h2>')
        for entry in entries:
            parts += _article(entry, first, last)
        parts.append("</section>")
    parts += [*_changes(found), "</main></div>", _footer(), f"<script>{_file('page.js')}</script>", "</html>"]
    return "\n".join(parts) + "\n"


def _header(found: Sequence[Entry], first: str, last: str) -> Iterator[str]:
    turning = sum(entry.turns for entry in found)
    yield "<header><h1>What mremap(2) does, case by case</h1>"
    yield f"<p>{len(found)} scenarios, each drawn before and after, on every Linux"
    yield f"from {escape(first)} to {escape(last)}. In {turning} of them kernels differ.</p>"
    yield (
        "<p>A box is one mapping, a cell one page. A letter tells whose data the page holds; a grey cell is mapped and "
        "holds nobody’s data, a dash is a hole, ? could not be read.</p>"
    )
    yield '<ul class="key">'
    yield from (f"<li>{_badge(kind, word)} {escape(what)}</li>" for kind, word, what in _VERDICTS)
    yield "</ul></header>"
    yield '<div class="bar"><form hidden>'
    yield '<input type="search" name="words" placeholder="Search: uffd, realloc, EFAULT …" aria-label="Search">'
    yield '<label><input type="checkbox" name="turns"> where kernels differ</label>'
    yield '<output name="count"></output></form></div>'


def _navigation(themes: Mapping[str, Sequence[Entry]]) -> Iterator[str]:
    yield '<nav aria-label="Scenarios">'
    for name, entries in themes.items():
        yield f"<details><summary>{escape(name)} <span>{len(entries)}</span></summary><ul>"
        for entry in entries:
            title = entry.scenario.name
            yield f'<li><a href="#{escape(title)}">{escape(title)}</a></li>'
        yield "</ul></details>"
    yield "</nav>"


def _article(entry: Entry, first: str, last: str) -> Iterator[str]:
    scenario = entry.scenario
    name = escape(scenario.name)
    yield f'<article id="{name}"{" data-turns" if entry.turns else ""}>'
    yield f'<h3>{escape(scenario.summary)}</h3><div class="name"><a href="#{name}">{escape(scenario.name)}</a></div>'
    if scenario.about:
        yield f'<p class="about">{escape(scenario.about.strip())}</p>'
    yield '<div class="case"><div><h4>Before</h4>'
    yield f'<div class="pic">{svg.before(scenario)}</div>'
    yield f'<pre class="legend">{escape(_legend(entry))}</pre></div>'
    calls = "\n".join(part for part in (picture.conditions(scenario), _calls(entry)) if part)
    yield f"<div><h4>What is done</h4><pre>{escape(calls)}</pre></div></div>"
    yield f'<div class="strip">{"".join(map(_segment, entry.chapters))}</div>'
    yield f'<div class="ends"><span>{escape(first)}</span><span>{escape(last)}</span></div>'
    yield '<div class="eras">'
    for chapter in entry.chapters:
        yield from _era(entry, chapter)
    yield "</div>"
    if scenario.cite:
        yield f'<p class="cites">See {", ".join(map(_cite, scenario.cite))}</p>'
    yield "</article>"


def _legend(entry: Entry) -> str:
    """Return what the letters stand for, those of one kind together."""
    letters: dict[str, str] = {}
    for line in picture.legend(entry.scenario).splitlines():
        letter, _, what = line.partition("  ")
        letters[what] = f"{letters[what]} {letter}" if what in letters else letter
    return "\n".join(f"{names}  {what}" for what, names in letters.items())


def _calls(entry: Entry) -> str:
    return "\n".join(picture.call(step) for step in entry.scenario.script)


def _segment(chapter: CatalogueEra) -> str:
    words = escape(f"{chapter.kernels}: {chapter.label}")
    return f'<i class="{escape(chapter.verdict)}" style="flex-grow:{chapter.share}" title="{words}"></i>'


def _era(entry: Entry, chapter: CatalogueEra) -> Iterator[str]:
    yield '<div class="era"><div>'
    yield f'<div class="when">{escape(chapter.kernels)}</div>'
    yield _badge("good" if chapter.verdict in _GOOD else chapter.verdict, chapter.label)
    if chapter.class_name in _SAME_WORD:
        yield f'<div class="why">other {escape(chapter.class_name or "")}</div>'
    if chapter.details:
        yield f'<div class="why">{"<br>".join(map(escape, chapter.details))}</div>'
    for change in filter(None, map(by_id, chapter.causes)):
        yield f'<div class="why">{_change_link(change)}</div>'
    yield "</div>"
    if chapter.outcome is None:
        yield f'<div class="why">{escape(chapter.reason)}</div>'
    else:
        yield f'<div class="pic">{svg.after(entry.scenario, chapter.outcome)}</div>'
    yield "</div>"


def _badge(kind: str, text: str) -> str:
    return f'<span class="badge {escape(kind)}">{escape(text)}</span>'


def _change_link(change: Change) -> str:
    return f'<a href="#change-{escape(change.id)}" title="{escape(change.subject)}">{escape(change.id)}</a>'


def _changes(found: Sequence[Entry]) -> Iterator[str]:
    """A table of the changes that made any of the turns, with what each did to whom."""
    turned: dict[str, list[str]] = {}
    for entry in found:
        for chapter in entry.chapters:
            for id_ in chapter.causes:
                names = turned.setdefault(id_, [])
                if entry.scenario.name not in names:
                    names.append(entry.scenario.name)
    if not turned:
        return
    changes = [change for change in map(by_id, turned) if change is not None]
    yield '<section class="always"><h2 id="changes">The changes that made the difference</h2>'
    yield '<div class="pic"><table class="changes"><tr><th>Since<th>Change<th>What user space sees<th>Scenarios</tr>'
    for change in sorted(changes, key=lambda change: change.release):
        commit = (
            f'<br><a href="{target(COMMITS + change.commit)}">{escape(change.commit[:12])}</a>' if change.commit else ""
        )
        yield (
            f'<tr id="change-{escape(change.id)}"><td>{escape(str(change.release))}'
            f"<td><b>{escape(change.id)}</b>{commit}<td>{escape(change.summary)}<td>{len(turned[change.id])}</tr>"
        )
    yield "</table></div></section>"


def _footer() -> str:
    return (
        f"<footer>Made by mremapcheck {escape(__version__)} from its model of the kernel’s history; "
        "<code>mremapcheck run</code> asks a real kernel the same.</footer>"
    )


def _cite(cite: str) -> str:
    text, address = link(cite)
    return f'<a href="{target(address)}">{escape(text)}</a>' if address else escape(text)


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
