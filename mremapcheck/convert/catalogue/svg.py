"""Drawings as small SVG pictures: a box for each mapping, a cell for each page, a colour for each letter.

Colours, and whether it is dark, are the page's: only classes are written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from mremapcheck.base.text.html import escape
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mmap, Touch

CELL = 22
GAP = 8
_LABEL = 7.3
#: Longer runs are drawn as one wide box that says how many pages it is.
LONGEST = 14
_WIDE = 4
#: To how much of its size a picture may shrink on a narrow page.
_SMALLEST = 0.8
#: As many colours as the page has for letters.
COLOURS = 8

#: (start, pages) of the mappings of each region.
Boxes = Mapping[str, list[tuple[int, int]]]


def colours(scenario: Scenario) -> dict[str, int]:
    """Return the number of the colour of each letter, in the order of the drawings, then of what is mapped later."""
    letters = dict.fromkeys(run.letter for region in scenario.regions for run in region.runs)
    for step in scenario.script:
        if isinstance(step, Mmap):
            letters.setdefault(step.letter)
        elif isinstance(step, Touch):
            letters.update(dict.fromkeys(tag.letter for tag in step.tags))
    return {letter: index % COLOURS for index, letter in enumerate(letters)}


def before(scenario: Scenario) -> str:
    """Draw a scenario before anything has happened: each mapping as one call made it."""
    drawings = {}
    boxes: dict[str, list[tuple[int, int]]] = {}
    for region in scenario.regions:
        cells = ["."] * region.pages
        for run in region.runs:
            cells[run.start : run.start + run.pages] = run.letter * run.pages
        drawings[region.name] = "".join(cells)
        boxes[region.name] = [(run.start, run.pages) for run in region.runs]
    return draw(drawings, boxes, colours(scenario))


def after(scenario: Scenario, outcome: Outcome) -> str:
    """Draw what is left, each box a mapping as the kernel has it."""
    lengths = {region.name: region.pages for region in scenario.regions}
    drawings = {name: drawing.rstrip(".").ljust(lengths.get(name, 1), ".") for name, drawing in outcome.regions.items()}
    boxes: dict[str, list[tuple[int, int]]] = {name: [] for name in drawings}
    for vma in outcome.mappings:
        boxes.setdefault(vma.region, []).append((vma.start, vma.pages))
    return draw(drawings, boxes, colours(scenario))


def draw(drawings: Mapping[str, str], boxes: Boxes, numbers: Mapping[str, int]) -> str:
    """Return one picture with a row for each region."""
    label = max((len(name) for name in drawings), default=0) * _LABEL + 10
    rows = []
    width = 0.0
    for index, (name, drawing) in enumerate(drawings.items()):
        y = index * (CELL + GAP)
        parts = [f'<text class="n" y="{y + 15}">{escape(name)}</text>']
        ruler = _Ruler(
            drawing, {edge for start, pages in boxes.get(name, ()) for edge in (start, start + pages)}, label
        )
        parts += _runs(ruler, y, numbers)
        for start, pages in boxes.get(name, ()):
            x, end = ruler.x(max(start, 0)), ruler.x(start + pages)
            if end > x:
                parts.append(
                    f'<rect class="b" x="{_n(x + 1)}" y="{y + 1}" width="{_n(end - x - 2)}" height="20" rx="4"/>'
                )
        rows.append("".join(parts))
        width = max(width, ruler.end)
    height = len(drawings) * (CELL + GAP) - GAP
    words = escape("; ".join(f"{name}: {_short(drawing)}" for name, drawing in drawings.items()))
    return (
        f'<svg viewBox="0 0 {_n(width + 1)} {height}" width="{_n(width + 1)}" role="img" aria-label="{words}" '
        f'style="min-width:{_n(width * _SMALLEST)}px">{"".join(rows)}</svg>'
    )


class _Ruler:
    """Where each page of a drawing lies; ``runs`` are (character, first page, pages), cut at the ``edges`` of boxes."""

    def __init__(self, drawing: str, edges: set[int], left: float) -> None:
        self.runs: list[tuple[str, int, int]] = []
        self._places = [(0, left)]
        page = 0
        for mark, group in groupby(enumerate(drawing), key=lambda pair: (pair[1], _piece(pair[0], edges))):
            pages = len(list(group))
            self.runs.append((mark[0], page, pages))
            page += pages
            left += CELL * (pages if pages <= LONGEST else _WIDE)
            self._places.append((page, left))
        self.end = left

    def x(self, page: int) -> float:
        """Return where a page begins, in units of the picture."""
        for (start, left), (end, right) in zip(self._places, self._places[1:], strict=False):
            if start <= page <= end:
                return left + (right - left) * (page - start) / (end - start)
        return self.end


def _piece(page: int, edges: Iterable[int]) -> int:
    return sum(edge <= page for edge in edges)


def _runs(ruler: _Ruler, y: int, numbers: Mapping[str, int]) -> Iterator[str]:
    for mark, start, pages in ruler.runs:
        x, end = ruler.x(start), ruler.x(start + pages)
        long = pages > LONGEST
        if mark == ".":
            if long:
                yield f'<rect class="h" x="{_n(x + 1)}" y="{y + 1}" width="{_n(end - x - 2)}" height="20" rx="4"/>'
                yield f'<text class="t f" x="{_n((x + end) / 2)}" y="{y + 15}">{pages}</text>'
            else:
                path = "".join(f"M{_n(x + CELL * page + 9)} {y + 11}h4" for page in range(pages))
                yield f'<path class="d" d="{path}"/>'
            continue
        kind = f"l{numbers[mark]}" if mark in numbers else {"_": "z", "?": "q"}.get(mark, "l0")
        yield f'<rect class="{kind}" x="{_n(x + 1)}" y="{y + 1}" width="{_n(end - x - 2)}" height="20" rx="4"/>'
        if long:
            text = f"{mark}×{pages}" if mark != "_" else f"×{pages}"
            yield f'<text class="t" x="{_n((x + end) / 2)}" y="{y + 15}">{escape(text)}</text>'
        elif mark != "_":
            places = " ".join(_n(x + CELL * page + CELL / 2) for page in range(pages))
            yield f'<text class="t" x="{places}" y="{y + 15}">{escape(mark * pages)}</text>'


def _short(drawing: str) -> str:
    return re.sub(r"(.)\1{16,}", lambda run: f"{run[1]}{{{len(run[0])}}}", drawing)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
