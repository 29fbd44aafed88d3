"""Page tables: which pages of the address space are there, and what they hold.

``pages`` maps page numbers to entries. An entry is a file page number (the page cache's page is mapped), the data of a
private page, ZERO (a private page without anybody's data, the zero page too) or GUARD (MADV_GUARD_INSTALL's marker).
"""

from __future__ import annotations

from typing import Final, TypeAlias

from mremapcheck.executors.model.vma import Data

ZERO: Final = "zero"
GUARD: Final = "guard"

Entry: TypeAlias = int | Data | str
PageTable: TypeAlias = dict[int, Entry]


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
