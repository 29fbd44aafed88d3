"""Kinds of mappings: what tool and worker know of each, and how /proc/self/maps shows it.

A new kind is one more entry of ``KINDS``, and one of ``makers.MAKERS`` where mmap(2) alone does not make it.
"""

from __future__ import annotations

import errno

from mremapcheck.linux.numbers import MAP_ANONYMOUS, MAP_DROPPABLE, MAP_GROWSDOWN, MAP_HUGETLB, MAP_PRIVATE

NO_HUGE_PAGES = "no free huge pages: set vm.nr_hugepages"


class Kind:
    """What a kind is.

    ``backing`` is its name in outcomes, ``marks`` how the names in /proc/self/maps begin (none: any other name).
    ``made``: it needs an object or more than mmap(2), see ``makers``; else mmap(2) makes it with ``flags`` (and
    ``private`` for private mappings). ``skip``: errno of mmap(2) -> the reason.
    """

    __slots__ = ("backing", "flags", "made", "marks", "private", "skip")

    def __init__(
        self,
        backing: str,
        *marks: str,
        made: bool = False,
        flags: int = 0,
        private: int = MAP_PRIVATE,
        skip: dict[int, str] | None = None,
    ) -> None:
        self.backing = backing
        self.marks = marks
        self.made = made
        self.flags = flags
        self.private = private
        self.skip = skip or {}


#: Names of the scenario format -> what it is. ``anon-shared`` and ``dev-zero`` differ in maps by "(deleted)".
KINDS: dict[str, Kind] = {
    "anon": Kind("anon", flags=MAP_ANONYMOUS),
    "anon-shared": Kind("shmem", "/dev/zero (deleted)", "[anon_shmem:", flags=MAP_ANONYMOUS),
    "memfd": Kind("shmem", "/memfd:", made=True),
    "tmpfs": Kind("shmem", made=True),
    "file": Kind("file", made=True),
    "dev-zero": Kind("dev-zero", "/dev/zero", made=True),
    "sysv-shm": Kind("sysv-shm", "/SYSV", made=True),
    "io-uring": Kind("io-uring", "anon_inode:[io_uring]", made=True),
    "aio": Kind("aio", "/[aio]", made=True),
    "hugetlb": Kind("hugetlb", "/anon_hugepage", flags=MAP_ANONYMOUS | MAP_HUGETLB, skip={errno.ENOMEM: NO_HUGE_PAGES}),
    "memfd-hugetlb": Kind("hugetlb", "/memfd:huge", made=True),
    "droppable": Kind(
        "anon",
        flags=MAP_ANONYMOUS,
        private=MAP_DROPPABLE,
        skip={errno.EINVAL: "this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed"},
    ),
    "growsdown": Kind("anon", flags=MAP_ANONYMOUS | MAP_GROWSDOWN),
    "secret": Kind("secret", "/secretmem", made=True),
    "vdso": Kind("vdso", "[vdso]", made=True),
    "vvar": Kind("vvar", "[vvar", made=True),
}
