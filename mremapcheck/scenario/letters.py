"""Whose page is where, as far as the document alone can tell.

``op: touch`` writes to each page the tag of the letter that it belongs to. Drawings and mmap say so, munmap forgets it,
and a move with a destination of its own takes letters along as if it had succeeded: what a kernel really did is nothing
that a document may depend on.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from typing import TypeAlias

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, pages
from mremapcheck.scenario.address import LARGEST
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, Mremap, Tag

#: First page, end, letter, number of the first page.
_Run: TypeAlias = tuple[int, int, str, int]


@dataclass(slots=True)
class Letters:
    """Runs of pages in order, none over another, and how many pages each letter has had.

    Without ``follow`` only the latter: nobody is going to ask for ``tags``.
    """

    follow: bool = True
    runs: list[_Run] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def new(self, letter: str, page: int, count: int) -> int:
        """Map ``count`` pages of a letter at ``page``; return the number of the first one.

        The pages of a letter are numbered through all its mappings, so that no two have the same tag.
        """
        number = self.counts.get(letter, 0)
        self.counts[letter] = number + count
        if self.follow:
            self._put((page, page + count, letter, number))
        return number

    def forget(self, start: int, end: int) -> None:
        """Forget the pages in ``[start, end)``."""
        low, high = self._overlap(start, end)
        if low == high:
            return
        kept = []
        first, last, letter, number = self.runs[low]
        if first < start:
            kept.append((first, start, letter, number))
        first, last, letter, number = self.runs[high - 1]
        if last > end:
            kept.append((end, last, letter, number + end - first))
        self.runs[low:high] = kept

    def move(self, call: Mremap) -> None:
        """Take letters along with a move."""
        if not self.follow or call.old_size > LARGEST or call.new_size > LARGEST or call.old_address.region is None:
            return
        source, old, new = call.old_address.value // PAGE, pages(call.old_size), pages(call.new_size)
        if not call.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) or call.new_address.region is None:
            self.forget(source + new, source + max(old, new))
            return
        target = call.new_address.value // PAGE
        taken = list(self._within(source, source + (min(old, new) if old else new)))
        if old and not call.flags & MREMAP_DONTUNMAP:
            self.forget(source, source + old)
        self.forget(target, target + new)
        shift = target - source
        for first, last, letter, number in taken:
            self._put((first + shift, last + shift, letter, number))

    def tags(self, page: int, count: int) -> list[Tag | None]:
        """Return the tag of each of ``count`` pages from ``page`` on, None where nobody knows the letter."""
        found: list[Tag | None] = [None] * count
        for first, last, letter, number in self._within(page, page + count):
            found[first - page : last - page] = tags(letter, number, last - first)
        return found

    def _put(self, run: _Run) -> None:
        self.forget(run[0], run[1])
        insort(self.runs, run)

    def _overlap(self, start: int, end: int) -> tuple[int, int]:
        """Return the slice of ``runs`` that has pages in ``[start, end)``."""
        low = bisect_left(self.runs, (start,))
        if low and self.runs[low - 1][1] > start:
            low -= 1
        return low, max(low, bisect_left(self.runs, (end,)))

    def _within(self, start: int, end: int) -> Iterator[_Run]:
        low, high = self._overlap(start, end)
        for first, last, letter, number in self.runs[low:high]:
            cut = max(start - first, 0)
            yield first + cut, min(last, end), letter, number + cut


def tags(letter: str, first: int, count: int) -> tuple[Tag, ...]:
    """Return the tags of ``count`` pages of a letter, from its page ``first`` on."""
    return _few_tags(letter, first, count) if count <= 16 else _tags(letter, first, count)


def _tags(letter: str, first: int, count: int) -> tuple[Tag, ...]:
    return tuple([Tag(letter, number) for number in range(first, first + count)])


_few_tags = lru_cache(maxsize=4096)(_tags)
