"""The names of the format: how mappings can be prepared (what can be mapped: ``mremapcheck.scenario.kinds``)."""

from __future__ import annotations

#: Flags of mmap(2) that a mapping may be made with.
MAP_FLAGS = ("noreserve", "stack")
#: Seals of a memfd, without F_SEAL_, in lower case.
SEALS = ("seal", "shrink", "grow", "write", "future-write")
PROTS = ("none", "r", "rw", "rx", "rwx")
#: Bits of page table entries, as the pagemap tells them.
BITS = ("uffd-wp", "soft-dirty")
#: The largest protection key: x86-64 has 16, and 0 is what every mapping has unless it is given another one.
LAST_KEY = 15
UFFD_MODES = ("missing", "wp", "minor", "missing+events", "wp+events", "minor+events")

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

CAPABILITIES = {"IPC_LOCK": "cap-ipc-lock", "SYS_RAWIO": "cap-sys-rawio"}


def uffd_features(mode: str) -> set[str]:
    """Return what a kernel must have to register memory in this mode."""
    features = {"uffd"}
    if not mode.startswith("missing"):
        features.add(f"uffd-{mode.removesuffix('+events')}")
    if mode.endswith("+events"):
        features.add("uffd-events")
    return features


def advice_features(advice: str) -> set[str]:
    """Return what a kernel must have to know this advice, where it is one that many have not."""
    return {"guard"} if advice.startswith("guard-") else set()
