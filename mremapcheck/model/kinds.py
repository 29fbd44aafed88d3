"""The kinds of mappings that scenarios ask for, and the files behind them."""

from __future__ import annotations

from mremapcheck.model.flags import (
    DONTDUMP,
    DONTEXPAND,
    DROPPABLE,
    GROWSDOWN,
    IO,
    LOCKED,
    NORESERVE,
    PFNMAP,
    WIPEONFORK,
)
from mremapcheck.model.stopped import Unsupported
from mremapcheck.model.vma import Backing, File
from mremapcheck.scenario.operations import Mmap

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
    "aio": Backing("aio", "aio", base_flags=DONTEXPAND),
    "secret": Backing("secret", "secret", base_flags=LOCKED | DONTDUMP),
}

#: Kinds that a kernel must have learnt first, by the feature that says so.
_SINCE = {"droppable": "droppable", "secret": "secret"}

#: Kinds without a file.
_FILELESS = frozenset({"anon", "droppable", "growsdown"})


def kind_of(name: str, features: frozenset[str]) -> Backing:
    """Return what a mapping of this kind is made of; raises Unsupported where kernel or model lack it."""
    kind = _KINDS.get(name)
    if kind is None:
        raise Unsupported(f"the model does not know mappings of kind {name}")
    if name in _SINCE and _SINCE[name] not in features:
        raise Unsupported(f"this kernel has no mappings of kind {name}")
    if name == "io-uring" and "io-uring-placement" in features:
        raise Unsupported("this kernel does not let io_uring mappings be placed")
    return kind


def file_of(op: Mmap, kind: Backing, files: dict[tuple[str, str], File]) -> File | None:
    """Return the open file that the mapping gets; ``files`` are those that the process has open.

    Shared anonymous memory and each shmat open a file of their own, the latter all on the segment's pages.
    """
    if op.kind in _FILELESS:
        return None
    key = (op.kind, op.object)
    file = files.get(key)
    if file is None:
        file = files[key] = File(kind, key)
    elif op.kind == "sysv-shm":
        return File(kind, key, file.pages)
    elif op.kind == "anon-shared":
        file = File(kind, (*key, op.address.value))
    return file
