"""What the arguments of mmap and its relatives say, in the words of the scenario format."""

from __future__ import annotations

import re

from mremapcheck.convert.trace.space import Facts
from mremapcheck.convert.trace.strace import Call, descriptor_path, flag_names, number

#: How the path of a descriptor begins (``strace -y``) -> the kind it maps as.
_PATHS = (
    ("/memfd:", "memfd"),
    ("/dev/zero", "dev-zero"),
    ("/dev/shm/", "tmpfs"),
    ("/SYSV", "sysv-shm"),
    ("anon_inode:[io_uring]", "io-uring"),
    ("/secretmem", "secret"),
    ("/dev/hugepages/", "memfd-hugetlb"),
)
#: An advice that lasts -> what undoes it, or goes in its place.
_LASTING = {
    "dontfork": "fork",
    "wipeonfork": "wipe",
    "dontdump": "dump",
    "mergeable": "merge",
    "hugepage": "huge",
    "nohugepage": "huge",
    "random": "access",
    "sequential": "access",
}
_UNDOING = {"dofork": "fork", "keeponfork": "wipe", "dodump": "dump", "unmergeable": "merge", "normal": "access"}


def prot_of(text: str) -> str:
    """Return the word for ``PROT_READ|PROT_WRITE``; on x86 what can be written or executed can be read."""
    names = flag_names(text)
    if "PROT_WRITE" in names:
        return "rwx" if "PROT_EXEC" in names else "rw"
    if "PROT_EXEC" in names:
        return "rx"
    return "r" if "PROT_READ" in names else "none"


def advised(advice: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the lasting advice after one more madvise."""
    name = text.removeprefix("MADV_").lower().replace("_", "-")
    group = _LASTING.get(name) or _UNDOING.get(name)
    if group is None:
        return advice
    kept = {other for other in advice if _LASTING[other] != group}
    return tuple(sorted(kept | ({name} if name in _LASTING else set())))


def facts_of_mmap(call: Call) -> Facts:
    """Return what a mmap that succeeded has made; raise ValueError where it cannot be read."""
    flags = flag_names(call.arguments[3])
    prot = prot_of(call.arguments[2])
    sharing = "shared" if flags & {"MAP_SHARED", "MAP_SHARED_VALIDATE"} else "private"
    lock = "true" if "MAP_LOCKED" in flags else ""
    if "MAP_ANONYMOUS" in flags:
        if "MAP_HUGETLB" in flags:
            return Facts("hugetlb", sharing, prot, lock=lock)
        if sharing == "shared":
            return Facts("anon-shared", sharing, prot, f"shared-{call.line}", lock)
        special = {"MAP_GROWSDOWN": "growsdown", "MAP_DROPPABLE": "droppable"}
        kind = next((special[flag] for flag in special if flag in flags), "anon")
        return Facts(kind, sharing, prot, lock=lock)
    descriptor, path = descriptor_path(call.arguments[4])
    kind = next((kind for start, kind in _PATHS if path and path.startswith(start)), "file")
    if kind == "dev-zero":
        if sharing == "private":
            return Facts("dev-zero", sharing, prot, lock=lock)
        return Facts("anon-shared", sharing, prot, f"shared-{call.line}", lock)
    if kind == "io-uring":
        return Facts("io-uring", "shared", "rw", f"ring-{call.line}", lock)
    return Facts(kind, sharing, prot, file_name(path) if path else f"fd{descriptor}", lock)


def offset_of_mmap(call: Call, facts: Facts) -> int:
    """Return where in its object the mapping begins, in bytes; private memory counts from its own address."""
    assert call.result is not None
    if facts.kind in ("anon", "growsdown", "droppable", "dev-zero"):
        return call.result
    return number(call.arguments[5]) if "MAP_ANONYMOUS" not in flag_names(call.arguments[3]) else 0


def file_name(path: str) -> str:
    """Return a path's last part as a name for ``file:``, without what such a name cannot have."""
    last = path.removeprefix("/memfd:").rsplit("/", 1)[-1].lower()
    name = re.sub(r"[^a-z0-9_]+", "-", last).strip("-_")[:40]
    return name if name[:1].isalpha() else f"f{name}"
