"""What the arguments of mmap and its relatives say, in the words of the scenario format."""

from __future__ import annotations

import re
from functools import lru_cache

from mremapcheck.convert.strace.call import Call
from mremapcheck.convert.strace.constants import MADV, MAP, PROT
from mremapcheck.convert.strace.space import MappingFacts
from mremapcheck.convert.strace.text import descriptor_path, flags, number
from mremapcheck.scenario.names import MAP_FLAGS

#: How the path of a descriptor begins (``strace -y``) -> the kind it maps as.
_PATHS = (
    ("/memfd:", "memfd"),
    ("/dev/zero", "dev-zero"),
    ("/dev/shm/", "tmpfs"),
    ("/run/", "tmpfs"),
    ("/SYSV", "sysv-shm"),
    ("anon_inode:[io_uring]", "io-uring"),
    ("/[aio]", "aio"),
    ("/secretmem", "secret"),
    ("/dev/hugepages/", "memfd-hugetlb"),
    ("/anon_hugepage", "memfd-hugetlb"),
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
    "guard-install": "guard",
}
_UNDOING = {
    "dofork": "fork",
    "keeponfork": "wipe",
    "dodump": "dump",
    "unmergeable": "merge",
    "normal": "access",
    "guard-remove": "guard",
}
#: Flags that make a mapping another one for the kernel -> the words of the format.
_HOW = {f"MAP_{name.upper()}": name for name in MAP_FLAGS}
#: Kinds of private memory, whose offset is the address at which it was mapped.
_BY_ADDRESS = frozenset(("anon", "growsdown", "droppable", "dev-zero"))


@lru_cache(maxsize=1024)
def prot_of(text: str) -> str:
    """Return the word for ``PROT_READ|PROT_WRITE``; on x86 what can be written or executed can be read."""
    names = flags(text, PROT)
    if "PROT_WRITE" in names:
        return "rwx" if "PROT_EXEC" in names else "rw"
    if "PROT_EXEC" in names:
        return "rx"
    return "r" if "PROT_READ" in names else "none"


def advised(advice: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the lasting advice after one more madvise; raises ValueError for one that nobody knows."""
    text = text.strip()
    if text[:1].isdigit():
        name = MADV.get(number(text), "")
    else:
        name = text.removeprefix("MADV_").lower().replace("_", "-")
    group = _LASTING.get(name) or _UNDOING.get(name)
    if group is None:
        return advice
    kept = {other for other in advice if _LASTING[other] != group}
    return tuple(sorted(kept | ({name} if name in _LASTING else set())))


def facts_of_mmap(call: Call, opened: dict[int, tuple[str, str]]) -> MappingFacts:
    """Return what a mmap that succeeded has made; raise ValueError where it cannot be read.

    ``opened``: kind and name of the descriptors that the trace has seen being made, for logs without paths.
    """
    given = flags(call.arguments[3], MAP)
    prot = prot_of(call.arguments[2])
    sharing = "shared" if given & {"MAP_SHARED", "MAP_SHARED_VALIDATE"} else "private"
    lock = "true" if "MAP_LOCKED" in given else ""
    how = tuple(word for name, word in _HOW.items() if name in given)
    if given & {"MAP_ANONYMOUS", "MAP_ANON"}:
        if "MAP_HUGETLB" in given:
            shared = f"shared-{call.line}" if sharing == "shared" else ""
            return MappingFacts("hugetlb", sharing, prot, shared, lock, how=how)
        if sharing == "shared":
            return MappingFacts("anon-shared", sharing, prot, f"shared-{call.line}", lock, how=how)
        special = {"MAP_GROWSDOWN": "growsdown", "MAP_DROPPABLE": "droppable"}
        kind = next((special[flag] for flag in special if flag in given), "anon")
        return MappingFacts(kind, sharing, prot, lock=lock, how=how)
    descriptor, path = descriptor_path(call.arguments[4]) if call.arguments[4] != "?" else (-1, None)
    kind, name = opened_file(descriptor, path, opened)
    if kind == "dev-zero":
        if sharing == "private":
            return MappingFacts("dev-zero", sharing, prot, lock=lock, how=how)
        return MappingFacts("anon-shared", sharing, prot, f"shared-{call.line}", lock, how=how)
    if kind == "io-uring":
        return MappingFacts("io-uring", "shared", "rw", f"ring-{call.line}", lock)
    if kind == "secret":
        sharing = "shared"
    undrawn: tuple[str, ...] = ()
    if kind == "file" and path and (not path.startswith("/") or path.startswith("/dev/")):
        undrawn = (f"that {path} is a device's, which may have rules of its own",)
    return MappingFacts(kind, sharing, prot, name, lock, how=how, undrawn=undrawn, unnamed=path is None)


def opened_file(descriptor: int, path: str | None, opened: dict[int, tuple[str, str]]) -> tuple[str, str]:
    """Return the kind and the name of what a descriptor is open on."""
    known = opened.get(descriptor)
    if path is None:
        return known or ("file", f"fd{descriptor}" if descriptor >= 0 else "unknown")
    kind = next((kind for start, kind in _PATHS if path.startswith(start)), "file")
    if kind == "memfd" and known and known[0] == "memfd-hugetlb":
        kind = "memfd-hugetlb"
    return kind, file_name(path)


def offset_of_mmap(call: Call, facts: MappingFacts, pages: bool = False) -> int:
    """Return where in its object the mapping begins, in bytes; private memory counts from its own address.

    ``pages``: the log shows mmap2's offset as the call takes it, in pages, as strace did before 4.25.
    """
    assert call.result is not None
    if facts.kind in _BY_ADDRESS:
        return call.result
    if call.arguments[5] == "?" or "MAP_ANONYMOUS" in flags(call.arguments[3], MAP):
        return 0
    return number(call.arguments[5]) * (4096 if pages else 1)


def file_name(path: str) -> str:
    """Return a path's last part as a name for ``file:``, without what such a name cannot have."""
    last = path.removeprefix("/memfd:").rsplit("/", 1)[-1].lower()
    name = re.sub(r"[^a-z0-9_]+", "-", last).strip("-_")[:40].rstrip("-_")
    return name if name[:1].isalpha() else f"f{name}"
