"""The kinds of mappings that scenarios ask for, and the files behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mremapcheck.base.units import pages
from mremapcheck.executors.model.stopped import Unsupported
from mremapcheck.executors.model.vma import Backing, File
from mremapcheck.linux.vm_flags import (
    DONTCOPY,
    DONTDUMP,
    DONTEXPAND,
    DROPPABLE,
    EXEC,
    GROWSDOWN,
    HUGETLB,
    IO,
    LOCKED,
    MIXEDMAP,
    NORESERVE,
    PFNMAP,
    READ,
    WIPEONFORK,
    WRITE,
)
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mmap

#: The huge pages that x86-64 has by default, in bytes.
HUGE_PAGE = 2 << 20

_KINDS = {
    "anon": Backing("anon", "anon", anonymous=True),
    "droppable": Backing("droppable", "anon", anonymous=True, base_flags=DROPPABLE | NORESERVE | WIPEONFORK | DONTDUMP),
    "growsdown": Backing("growsdown", "anon", anonymous=True, base_flags=GROWSDOWN),
    "anon-shared": Backing("anon-shared", "shmem", placement="shmem"),
    "memfd": Backing("memfd", "shmem", placement="shmem"),
    "tmpfs": Backing("tmpfs", "shmem", placement="shmem"),
    "file": Backing("file", "file", placement="thp"),
    "dev-zero": Backing("dev-zero", "dev-zero", anonymous=True, placement="own"),
    "sysv-shm": Backing("sysv-shm", "sysv-shm", placement="own", has_close=True),
    "io-uring": Backing("io-uring", "io-uring", placement="own", base_flags=IO | PFNMAP | DONTEXPAND | DONTDUMP),
    "aio": Backing("aio", "aio", base_flags=DONTEXPAND, never=EXEC),
    "hugetlb": Backing(
        "hugetlb", "hugetlb", placement="hugetlb", has_close=True, base_flags=HUGETLB | DONTEXPAND, unit=HUGE_PAGE
    ),
    "secret": Backing("secret", "secret", base_flags=LOCKED | DONTDUMP, never=EXEC),
    "vdso": Backing("vdso", "vdso", has_close=True, base_flags=DONTEXPAND, access=READ | EXEC),
    "vvar": Backing(
        "vvar",
        "vvar",
        has_close=True,
        base_flags=IO | PFNMAP | DONTEXPAND | DONTDUMP,
        access=READ,
        never=WRITE | EXEC,
    ),
}
_KINDS["memfd-hugetlb"] = _KINDS["hugetlb"]

_RING_OF_PAGES = Backing("io-uring", "io-uring", placement="own", base_flags=MIXEDMAP | DONTEXPAND)
_VVAR_OF_PAGES = replace(_KINDS["vvar"], base_flags=IO | MIXEDMAP | DONTEXPAND | DONTDUMP)

#: What a kind has become: the feature that says so, and the mapping since; of several features the last one counts.
_BECAME: Mapping[str, tuple[tuple[str, Backing], ...]] = {
    # Rings made of pages of their own (3ab1db3c6039, 6.10), of a file that cannot be executed (1ed95281c0c7, 6.16).
    "io-uring": (
        ("io-uring-pages", _RING_OF_PAGES),
        ("anon-inodes-not-executable", replace(_RING_OF_PAGES, never=EXEC)),
    ),
    "aio": (("aio-not-inherited", Backing("aio", "aio", base_flags=DONTEXPAND | DONTCOPY, never=EXEC)),),
    "secret": (("secret-unlocked", Backing("secret", "secret", base_flags=DONTDUMP, never=EXEC)),),
    "vvar": (
        ("vvar-of-pages", _VVAR_OF_PAGES),
        ("vvar-is-memory", replace(_VVAR_OF_PAGES, base_flags=MIXEDMAP | DONTEXPAND | DONTDUMP)),
    ),
}

#: Kinds that a kernel must have learnt first: the feature that says so, and the reason where it has not.
_SINCE = {
    "droppable": ("droppable", "this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed"),
    "secret": ("secret", "memfd_secret is off: Linux 5.14 or later, up to 6.4 booted with secretmem.enable=1"),
}

#: Kinds without a file, and those whose every mapping is of a file of its own.
_FILELESS = frozenset({"anon", "droppable", "growsdown", "vdso", "vvar"})
_FILE_EACH = frozenset({"anon-shared", "hugetlb"})


def kind_of(name: str, features: frozenset[str]) -> Backing:
    """Return what a mapping of this kind is made of; raises Unsupported where kernel or model lack it."""
    kind = _KINDS.get(name)
    if kind is None:
        raise Unsupported(f"kind {name} is not modelled")
    if name in _SINCE:
        feature, reason = _SINCE[name]
        if feature not in features:
            raise Unsupported(reason)
    for feature, successor in _BECAME.get(name, ()):
        if feature in features:
            kind = successor
    return kind


def file_of(op: Mmap, kind: Backing, files: dict[tuple[str, str], File], scenario: Scenario) -> File | None:
    """Return the open file that the mapping gets; ``files`` are those that the process has open.

    Each shared anonymous mapping has a file of its own; each shmat opens one, all on the segment's pages. A file is as
    long as all mappings of it in the scenario need.
    """
    if op.kind in _FILELESS:
        return None
    key = (op.kind, op.object)
    if op.kind in _FILE_EACH:
        return File(kind, (*key, op.address.value), pages(op.size))
    file = files.get(key)
    if file is None:
        file = files[key] = File(kind, key, _length(op.object, scenario))
    elif op.kind == "sysv-shm":
        return File(kind, key, file.length, file.cache)
    return file


def _length(name: str, scenario: Scenario) -> int:
    """Return how many pages the object of this name has."""
    return max(
        op.offset + pages(op.size)
        for operations in (scenario.setup, scenario.script)
        for op in operations
        if type(op) is Mmap and op.object == name
    )
