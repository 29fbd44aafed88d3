"""Page tables: which pages of the address space are there, and what they hold.

``pages`` maps page numbers to entries. An entry is a file page number (the page cache's page is mapped), the data of a
private page, BLANK (a private page without anybody's data), one of these as Freed or Inherited, ZERO (the zero page) or
GUARD (MADV_GUARD_INSTALL's marker).
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from mremapcheck.executors.model.vma import Data

ZERO: Final = "zero"
BLANK: Final = "blank"
GUARD: Final = "guard"


class Freed(NamedTuple):
    """A private page that MADV_FREE gave back: whoever needs memory takes it, unless it is written to first."""

    content: Data | str


class Inherited(NamedTuple):
    """A private page that a forked child shares with its parent until it writes to it."""

    content: Data | str


Entry: TypeAlias = int | Data | str | Freed | Inherited
PageTable: TypeAlias = dict[int, Entry]


def content(entry: Entry) -> int | Data | str:
    """Return what a page holds, whoever else may have a claim on it."""
    return entry.content if isinstance(entry, Freed | Inherited) else entry


def inherit(pages: PageTable) -> PageTable:
    """Return what a forked child has of its parent's page tables."""
    child: PageTable = {}
    for page, entry in pages.items():
        held = content(entry)
        child[page] = entry if isinstance(held, int) or held in (ZERO, GUARD) else Inherited(held)
    return child


def zap(pages: PageTable, first: int, last: int) -> None:
    """Forget the pages ``first`` to ``last`` (excluded)."""
    if last - first > len(pages):
        for page in [page for page in pages if first <= page < last]:
            del pages[page]
        return
    for page in range(first, last):
        pages.pop(page, None)


def move(pages: PageTable, source: int, target: int, count: int) -> None:
    """Move entries (move_page_tables): guard markers and pages travel alike, holes stay holes."""
    if count > len(pages):
        there = [page for page in pages if source <= page < source + count]
    else:
        there = [page for page in range(source, source + count) if page in pages]
    shift = target - source
    entries = [pages.pop(page) for page in there]
    for page, entry in zip(there, entries, strict=True):
        pages[page + shift] = entry
