"""Drawings: one character is one page, ``.`` a hole, ``A{512}`` 512 pages of A."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.document import Run
from mremapcheck.scenario.reader import Refused

#: The most pages in one drawing, and in all mappings of a scenario together; and how many of these may need memory.
MOST_PAGES = 1 << 21
MOST_MAPPED = 1 << 20

#: The most mappings of a drawing, and the most mmap calls of a scenario: vm.max_map_count is 65530.
MOST_MAPPINGS = 1 << 14

#: Runs with more pages are written ``A{17}``.
LONGEST_RUN = 16

LETTERS = "[A-Za-z]"
PATTERN = r"^(?:[A-Za-z.](?:\{[0-9]{1,7}\})?)+$"
#: An outcome's drawing has besides: ``_`` for a mapped page without anybody's data, ``?`` for one not observed.
EXPECTED_PATTERN = r"^(?:[A-Za-z._?](?:\{[0-9]{1,7}\})?)*$"

#: A drawing, of an outcome too, that draws every page.
EXPANDED = re.compile(r"[A-Za-z._?]*")
_LONG_RUN = re.compile(rf"(.)\1{{{LONGEST_RUN},}}")
_TOO_LONG = re.compile(r"[A-Za-z._?]\{[1-9][0-9]{7,}\}")
_PIECE = re.compile(r"([A-Za-z._?])(?:\{([0-9]{1,7})\}|\1*(?!\{))")


class Drawing(NamedTuple):
    """The mappings of a region, and its length in pages."""

    runs: tuple[Run, ...]
    pages: int


def parse_drawing(text: str) -> Drawing:
    """Read the drawing of a region; neighbouring pages of one letter are one mapping. Raises Refused."""
    return _parse_short(text) if len(text) <= 256 else _parse(text)


def _parse(text: str) -> Drawing:
    runs: list[Run] = []
    start = 0
    for letter, pages in _pieces(text):
        if letter in "_?":
            raise Refused(
                f"{quote(text)} is not a drawing: `{letter}` only stands in what is expected afterwards",
                "before the moves a page belongs to a letter or is a hole, `.`",
            )
        if letter != ".":
            if runs and runs[-1].letter == letter and runs[-1].start + runs[-1].pages == start:
                runs[-1] = Run(letter, runs[-1].start, runs[-1].pages + pages)
            else:
                runs.append(Run(letter, start, pages))
            if len(runs) > MOST_MAPPINGS:
                raise Refused(
                    f"more than {MOST_MAPPINGS} mappings are drawn", "the limit is far below vm.max_map_count"
                )
        start += pages
    if not start:
        raise Refused("the drawing is empty", "one character is one page: letters are mappings, `.` is a hole")
    return Drawing(tuple(runs), start)


_parse_short = lru_cache(maxsize=8192)(_parse)


def expand(text: str, most: int = MOST_PAGES) -> str:
    """Return the drawing of an outcome, at most ``most`` pages, with its long runs written out. Raises Refused."""
    if len(text) <= most and EXPANDED.fullmatch(text):
        return text
    return "".join([letter * pages for letter, pages in _pieces(text, most)])


@lru_cache(maxsize=16)  # of 2 GB it takes long, and kernels do much the same
def compact(drawing: str) -> str:
    """Return a drawing with each long run as ``A{512}``."""
    return _LONG_RUN.sub(lambda run: f"{run[1]}{{{len(run[0])}}}", drawing)


def _pieces(text: str, most: int = MOST_PAGES) -> Iterator[tuple[str, int]]:
    position = 0
    total = 0
    while position < len(text):
        found = _PIECE.match(text, position)
        pages = 0 if found is None else int(found[2]) if found[2] else found.end() - position
        if _TOO_LONG.match(text, position):
            raise _too_many()
        if found is None or pages == 0:
            raise Refused(f"{quote(text)} is not a drawing: {_trouble(text, position)}", _HINT)
        total += pages
        if total > most:
            raise _too_many()
        yield found[1], pages
        position = found.end()


def _too_many() -> Refused:
    return Refused(f"more than {MOST_PAGES} pages are drawn", "that many all drawings of a scenario may have together")


_HINT = "one character is one page: letters are mappings, `.` is a hole, `A{512}` a long run"


def _trouble(text: str, position: int) -> str:
    rest = text[position : position + 10]
    if len(rest) > 1 and rest[1] == "{":
        return f"{quote(rest)} is not a run such as `A{{512}}`"
    return f"{quote(rest[0])} at character {position + 1}"
