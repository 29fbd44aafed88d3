"""One mapping as the kernel keeps it, and what it maps."""

from __future__ import annotations

from typing import TypeAlias

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.linux.vm_flags import ACCESS, PROT_TEXT, SHARED, key_of, names
from mremapcheck.outcome.verdict import SeenVma
from mremapcheck.scenario.kinds.kind import Backing

#: Who wrote a page: the letter, and which page of the letter's mapping it was.
Data: TypeAlias = tuple[str, int]


class Inode:
    """A file: ``length``, in pages: nothing can be reached beyond it; ``seals`` of a memfd, by name.

    ``cache`` is its page cache: file page -> data, or ``pages.ZERO`` where nobody wrote. ``writers``: how many mappings
    of other processes may write to it.
    """

    __slots__ = ("cache", "length", "seals", "writers")

    def __init__(self, length: int) -> None:
        self.length = length
        self.cache: dict[int, Data | str] = {}
        self.seals: frozenset[str] = frozenset()
        self.writers = 0


class File:
    """An open file description (struct file) over an inode; two opens of one inode do not merge.

    ``cache`` is the inode's. ``readonly``: it was opened for reading only.
    """

    __slots__ = ("backing", "cache", "inode", "key", "readonly")

    def __init__(self, backing: Backing, key: object, inode: Inode, readonly: bool = False) -> None:
        self.backing = backing
        self.key = key
        self.inode = inode
        self.cache = inode.cache
        self.readonly = readonly

    def opened(self, *, readonly: bool = False) -> File:
        """Return another open file description of the same inode."""
        return File(self.backing, self.key, self.inode, readonly)


class AnonVma:
    """What ties faulted private pages to their mappings; only its identity matters (include/linux/rmap.h).

    ``forked``: the mapping's chain has more than one entry, because a child inherited it.
    """

    __slots__ = ("forked",)

    def __init__(self, forked: bool = False) -> None:
        self.forked = forked


class Uffd:
    """One userfaultfd; ``events``: it asked for UFFD_FEATURE_EVENT_REMAP and UFFD_FEATURE_EVENT_UNMAP."""

    __slots__ = ("events",)

    def __init__(self, events: bool) -> None:
        self.events = events


class Vma:
    """One mapping (struct vm_area_struct); addresses in bytes, ``pgoff`` and ``anon_pgoff`` in pages.

    ``pgoff``: the page of the file that ``start`` maps; for anonymous mappings a virtual page number, the address of
    the first fault. ``anon_pgoff`` (7.3) numbers the private pages of any mapping so. ``source``, of one that is not
    linked yet: the mapping that it is copied from (mremap) or a changed part of (mprotect and the like). ``soft_dirty``
    (VM_SOFTDIRTY): it was mapped since soft-dirty bits were cleared, so all pages count as written. ``label`` is the
    letter of the drawing that made it, for traces only.
    """

    __slots__ = (
        "anon_pgoff",
        "anon_vma",
        "backing",
        "end",
        "file",
        "flags",
        "label",
        "name",
        "pgoff",
        "soft_dirty",
        "source",
        "start",
        "uffd",
    )

    def __init__(
        self,
        start: int,
        end: int,
        flags: int,
        backing: Backing,
        file: File | None,
        pgoff: int,
        anon_pgoff: int,
        label: str,
    ) -> None:
        self.start = start
        self.end = end
        self.flags = flags
        self.backing = backing
        self.file = file
        self.pgoff = pgoff
        self.anon_pgoff = anon_pgoff
        self.anon_vma: AnonVma | None = None
        self.uffd: Uffd | None = None
        self.name: str | None = None
        self.source: Vma | None = None
        self.soft_dirty = True
        self.label = label

    def part(self, start: int, end: int) -> Vma:
        """Return ``[start, end)``, not linked, as the mapping is there or would be if it reached so far."""
        delta = (start - self.start) >> PAGE_SHIFT
        part = Vma(
            start, end, self.flags, self.backing, self.file, self.pgoff + delta, self.anon_pgoff + delta, self.label
        )
        part.anon_vma = self.anon_vma
        part.uffd = self.uffd
        part.name = self.name
        part.soft_dirty = self.soft_dirty
        return part

    def copy(self) -> Vma:
        """Return a mapping that differs in nothing (vm_area_dup and anon_vma_clone)."""
        return self.part(self.start, self.end)

    def pgoff_at(self, address: int) -> int:
        """Return the page offset of ``address``."""
        return self.pgoff + ((address - self.start) >> PAGE_SHIFT)

    def move_start(self, address: int) -> None:
        """Let the mapping begin at ``address``, lower or higher, with the offsets that belong there."""
        delta = (address - self.start) >> PAGE_SHIFT
        self.pgoff += delta
        self.anon_pgoff += delta
        self.start = address

    def seen(self) -> SeenVma:
        """Return the mapping as /proc/PID/maps and smaps show it; for anonymous memory their offset means nothing."""
        return seen((self.start, self.end, self.flags, self.backing, self.file, self.pgoff))


#: Of a mapping what an observer can see: start, end, flags, backing, file, page offset.
Sight: TypeAlias = tuple[int, int, int, Backing, File | None, int]


def seen(sight: Sight) -> SeenVma:
    """Return a mapping as an observer sees it."""
    start, end, flags, backing, file, pgoff = sight
    prot, told = PROT_TEXT[flags & ACCESS], (names(flags), key_of(flags))
    if file is None or backing.anonymous:
        return SeenVma(start, end, prot, False, backing.reported, 0, None, *told)
    return SeenVma(start, end, prot, bool(flags & SHARED), backing.reported, pgoff, file.key, *told)
