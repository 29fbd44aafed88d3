"""The catalogue: what it says of eras, and pages that hold together."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mremapcheck.cli.main import call
from mremapcheck.convert.catalogue import svg
from mremapcheck.convert.catalogue.cites import link
from mremapcheck.convert.catalogue.entries import Entry, by_theme, entries
from mremapcheck.convert.catalogue.html import html
from mremapcheck.convert.catalogue.markdown import markdown
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_paths
from mremapcheck.scenario.parse import parse_document

HOSTILE = {
    "name": "hostile",
    "summary": "</h3><script>alert(1)</script> & `code` | *stars*",
    "about": '<img src=x onerror="alert(2)">',
    "cite": ["javascript:alert(3)", "0123456789ab", "https://example.org/?a=1&b=2", "a.b@c.org"],
    "map": {"src": "A{40}B", "dst": "X.{30}"},
    "moves": [{"old_address": "src", "old_size": "41p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
}


@pytest.fixture(scope="module")
def found() -> list[Entry]:
    folder = shipped() / "multi"
    scenarios = load_paths([folder / "uffd-first.yaml", folder / "sealed-middle.yaml"]).scenarios
    return [*entries([*scenarios, parse_document(HOSTILE)])]


def test_eras_say_which_kernels_what_and_because_of_what(found: list[Entry]) -> None:
    first = found[0]
    assert [(chapter.kernels, chapter.label, chapter.causes) for chapter in first.chapters] == [
        ("up to 6.16", "EFAULT damaged", ()),
        ("6.17-rc1 to 6.17-rc2", "EFAULT partial", ("multi-vma-move",)),
        ("since 6.17-rc3", "EFAULT refused", ("early-failure",)),
    ]
    assert first.turns
    assert found[1].chapters[0].verdict == "skip"
    assert "mseal" in found[1].chapters[0].reason


def test_every_release_belongs_to_one_era(found: list[Entry]) -> None:
    (shares,) = {sum(chapter.share for chapter in entry.chapters) for entry in found}
    assert shares > 40


def test_themes_are_folders(found: list[Entry]) -> None:
    assert {name: len(group) for name, group in by_theme(found).items()} == {"multi": 2, "scenarios": 1}


class _Checker(HTMLParser):
    """Notes what is open, what is linked, and what would be fetched."""

    VOID = frozenset(("meta", "input", "img", "br", "link", "col", "hr"))
    OPTIONAL = frozenset(("html", "tr", "td", "th", "li", "p"))
    SVG_EMPTY = frozenset(("rect", "path"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") for name in values)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.targets.append(values["href"])
        self.fetched += [values[name] for name in ("src", "srcset", "data", "poster") if name in values]
        if tag == "link":
            self.fetched.append(values.get("href", ""))
        if tag not in self.VOID | self.OPTIONAL | self.SVG_EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPTIONAL | self.SVG_EMPTY:
            assert self.open.pop() == tag


def test_the_page_holds_together_and_needs_nothing_else(found: list[Entry]) -> None:
    page = html(found, "5.4", "7.3")
    checker = _Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert checker.fetched == []
    assert len(checker.ids) == len(set(checker.ids))
    local = {target[1:] for target in checker.targets if target.startswith("#")}
    assert local <= set(checker.ids)
    assert all(target.startswith(("#", "https://")) for target in checker.targets)
    assert checker.tags.count("script") == 1
    assert "url(" not in page and "@import" not in page
    assert "prefers-color-scheme: dark" in page
    assert checker.tags.count("svg") == sum(1 + sum(bool(c.outcome) for c in entry.chapters) for entry in found)


def test_hostile_text_stays_text(found: list[Entry]) -> None:
    page = html(found, "5.4", "7.3")
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    text = markdown(found)
    assert "\\<script\\>" in text
    assert "](javascript" not in text


def test_markdown_has_the_drawings_and_the_eras(found: list[Entry]) -> None:
    text = markdown(found)
    assert "| 6.17-rc1 to 6.17-rc2 | **EFAULT partial** | `..BB._` | `AA` | multi-vma-move |" in text
    assert "src  AABB.C\ndst  X.....\n" in text
    assert "\nmremap(src, 6p, 6p, MAYMOVE|FIXED, dst)" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert tables
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(bars) == 1, table


def _entry(name: str) -> Entry:
    (path,) = shipped().rglob(f"{name}.yaml")
    (entry,) = entries(load_paths([path]).scenarios)
    return entry


@pytest.mark.parametrize(
    ("name", "kernels", "details"),
    [
        ("kselftest-dontunmap-07", "6.15-rc1 to 7.3-rc3", ("VmLck 12 kB",)),
        ("kselftest-dontunmap-07", "since 7.3-rc7", ("VmLck 0 kB",)),
        ("musl-stack-probe-at-map-limit", "since 7.1-rc1", ("ENOMEM refused, then ENOMEM refused",)),
        (
            "dontunmap-loses-accounting",
            "6.15-rc1 to 6.18-rc2",
            ("src: 0+2 rw-, private, anon; 2+2 rw-, private, anon, accounted",),
        ),
        ("uffd-first", "since 6.17-rc3", ()),
    ],
)
def test_what_no_drawing_shows_is_said(name: str, kernels: str, details: tuple[str, ...]) -> None:
    found = {chapter.kernels: chapter.details for chapter in _entry(name).chapters}
    assert found[kernels] == details


def test_events_are_said_in_both_forms() -> None:
    entry = _entry("uffd-shrinking-move-events")
    for text in (html([entry], "5.4", "7.3"), markdown([entry])):
        assert "event: remap from=src to=dst len=4p<br>event: unmap" in text


def test_a_picture_has_a_box_for_each_mapping_and_a_cell_for_each_page(found: list[Entry]) -> None:
    scenario = found[0].scenario
    picture = svg.before(scenario)
    assert picture.count('class="b"') == 4
    assert re.findall(r'class="t" x="([^"]*)" y="\d+">(\w+)<', picture)[0][1] == "AA"
    assert 'aria-label="src: AABB.C; dst: X....."' in picture
    (execution,) = ModelExecutor(resolve("6.17-rc1")).run([scenario])
    assert execution.outcome
    after = svg.after(scenario, execution.outcome)
    assert after.count('class="b"') == len(execution.outcome.mappings)
    assert after.count('class="z"') == 1


def test_long_runs_are_short_pictures() -> None:
    scenario = parse_document(HOSTILE)
    picture = svg.before(scenario)
    assert "A×40" in picture
    width = re.search(r'viewBox="0 0 ([\d.]+)', picture)
    assert width and float(width[1]) < 300


def test_every_letter_has_a_colour_wherever_it_comes_from() -> None:
    data = {
        "summary": "mapped on the way",
        "map": {"src": "A.", "dst": ".."},
        "moves": [
            {"op": "mmap", "address": "src+1p", "size": "1p", "letter": "B"},
            {"op": "touch", "address": "src+1p", "size": "1p", "letter": "N"},
            {"old_address": "src", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"},
        ],
    }
    assert svg.colours(parse_document(data)) == {"A": 0, "B": 1, "N": 2}


@pytest.mark.parametrize(
    ("cite", "text", "target"),
    [
        ("d23cb648e365", "d23cb648e365", "https://git.kernel.org/torvalds/c/d23cb648e365"),
        ("0123456789abcdef0123456789abcdef01234567", "0123456789ab", None),
        ("<20250803.1@kernel.org>", "20250803.1@kernel.org", "https://lore.kernel.org/r/20250803.1@kernel.org"),
        ("https://www.example.org/x", "example.org/x", "https://www.example.org/x"),
        ("mail of 4 August", "mail of 4 August", ""),
        ("javascript:alert(1)", "javascript:alert(1)", ""),
    ],
)
def test_what_is_cited_becomes_a_link(cite: str, text: str, target: str | None) -> None:
    assert link(cite) == (text, f"https://git.kernel.org/torvalds/c/{cite}" if target is None else target)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(shipped() / "multi" / "uffd-first.yaml")
    assert call(["catalogue", path]) == 0
    assert capsys.readouterr().out.startswith("# What mremap(2) does")
    assert call(["catalogue", path, "--format", "html", "-o", str(tmp_path / "c.html")]) == 0
    assert (tmp_path / "c.html").read_text().startswith("<!doctype html>")
    assert call(["catalogue", path, "--format", "pdf"]) == 2
