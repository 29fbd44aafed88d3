"""The names of the format: what can be mapped, how it can be prepared."""

from __future__ import annotations

from mremapcheck.base.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What one ``kind`` allows. ``sharing``: the first is the default. ``touched``: by default, and at all.

    ``file``: mappings of one ``file:`` share an object, otherwise each letter has its own. ``offset``: may begin
    elsewhere than at its start. ``feature``: what the kernel (and the user) must have.
    """

    sharing: tuple[str, ...]
    file: bool = False
    offset: bool = False
    touched: bool = True
    feature: str | None = None


PRIVATE, SHARED = ("private",), ("shared",)

KINDS: dict[str, Kind] = {
    "anon": Kind(PRIVATE),
    "anon-shared": Kind(SHARED),
    "memfd": Kind(("shared", "private"), file=True, offset=True),
    "memfd-hugetlb": Kind(("shared", "private"), file=True, offset=True, feature="hugetlb"),
    "file": Kind(("shared", "private"), file=True, offset=True, feature="ext4"),
    "tmpfs": Kind(("shared", "private"), file=True, offset=True, feature="tmpfs"),
    "sysv-shm": Kind(SHARED, file=True, feature="sysv-shm"),
    "dev-zero": Kind(PRIVATE, offset=True),
    "io-uring": Kind(SHARED, touched=False, feature="io-uring"),
    "aio": Kind(SHARED, touched=False, feature="aio"),
    "hugetlb": Kind(("private", "shared"), feature="hugetlb"),
    "droppable": Kind(PRIVATE, feature="droppable"),
    "growsdown": Kind(PRIVATE),
    "secret": Kind(SHARED, feature="secret"),
    "vdso": Kind(PRIVATE, touched=False, feature="vdso"),
    "vvar": Kind(PRIVATE, touched=False, feature="vdso"),
}

PROTS = ("none", "r", "rw", "rx", "rwx")
UFFD_MODES = ("missing", "wp", "missing+events", "wp+events")

#: madvise(2)'s advice without MADV_, in lower case; without what only root may ask for.
ADVICES = (
    "normal",
    "random",
    "sequential",
    "willneed",
    "dontneed",
    "dontneed-locked",
    "free",
    "remove",
    "dontfork",
    "dofork",
    "dontdump",
    "dodump",
    "mergeable",
    "unmergeable",
    "hugepage",
    "nohugepage",
    "collapse",
    "wipeonfork",
    "keeponfork",
    "cold",
    "pageout",
    "populate-read",
    "populate-write",
    "guard-install",
    "guard-remove",
)

RLIMITS = ("memlock", "as", "data")
CAPABILITIES = {"IPC_LOCK": "cap-ipc-lock", "SYS_RAWIO": "cap-sys-rawio"}


def uffd_features(mode: str) -> set[str]:
    """Return what a kernel must have to register memory in this mode."""
    features = {"uffd"}
    if mode.startswith("wp"):
        features.add("uffd-wp")
    if mode.endswith("+events"):
        features.add("uffd-events")
    return features


def advice_features(advice: str) -> set[str]:
    """Return what a kernel must have to know this advice, where it is one that many have not."""
    return {"guard"} if advice.startswith("guard-") else set()
