"""The kernel's VM_* flags as far as user space can tell them apart, and what smaps calls them.

Bit values are the model's own. Of the VM_MAY* bits there is but READONLY: every object of a scenario is opened for
reading, and most for writing too. VM_SOFTDIRTY is left out: merging ignores it.
"""

from __future__ import annotations

from functools import lru_cache

READ = 1 << 0
WRITE = 1 << 1
EXEC = 1 << 2
SHARED = 1 << 3
LOCKED = 1 << 4
LOCKONFAULT = 1 << 5
ACCOUNT = 1 << 6
NORESERVE = 1 << 7
DONTCOPY = 1 << 8
DONTDUMP = 1 << 9
DONTEXPAND = 1 << 10
IO = 1 << 11
PFNMAP = 1 << 12
MIXEDMAP = 1 << 13
UFFD_MISSING = 1 << 14
UFFD_WP = 1 << 15
UFFD_MINOR = 1 << 16
SEALED = 1 << 17
MERGEABLE = 1 << 18
HUGEPAGE = 1 << 19
NOHUGEPAGE = 1 << 20
WIPEONFORK = 1 << 21
RAND_READ = 1 << 22
SEQ_READ = 1 << 23
GROWSDOWN = 1 << 24
MAYBE_GUARD = 1 << 25
DROPPABLE = 1 << 26
HUGETLB = 1 << 27
#: VM_MAYWRITE is missing: shared, of a file that was opened for reading only.
READONLY = 1 << 28

_PKEY_SHIFT = 29
#: The mapping's protection key, four bits (VM_PKEY_MASK).
PKEY = 15 << _PKEY_SHIFT

#: What mprotect() changes.
ACCESS = READ | WRITE | EXEC
#: Mappings that never merge.
SPECIAL = IO | DONTEXPAND | PFNMAP | MIXEDMAP
UFFD = UFFD_MISSING | UFFD_WP | UFFD_MINOR
LOCKS = LOCKED | LOCKONFAULT

#: How scenarios write protections.
PROTECTIONS = {"none": 0, "r": READ, "rw": READ | WRITE, "rx": READ | EXEC, "rwx": READ | WRITE | EXEC}

_NAMES = (
    (LOCKED, "locked"),
    (UFFD_MISSING, "uffd-missing"),
    (UFFD_WP, "uffd-wp"),
    (UFFD_MINOR, "uffd-minor"),
    (SEALED, "sealed"),
    (DONTCOPY, "dontfork"),
    (ACCOUNT, "accounted"),
    (MAYBE_GUARD, "guard"),
    (GROWSDOWN, "growsdown"),
    (DONTDUMP, "dontdump"),
    (HUGEPAGE, "hugepage"),
    (NOHUGEPAGE, "nohugepage"),
    (MERGEABLE, "mergeable"),
    (WIPEONFORK, "wipeonfork"),
    (RAND_READ, "random"),
    (SEQ_READ, "sequential"),
    (NORESERVE, "noreserve"),
    (DONTEXPAND, "dontexpand"),
    (IO, "io"),
    (PFNMAP, "pfnmap"),
    (MIXEDMAP, "mixedmap"),
    (DROPPABLE, "droppable"),
    (HUGETLB, "hugetlb"),
)


@lru_cache(maxsize=4096)
def names(flags: int) -> tuple[str, ...]:
    """Return the sorted names of the flags that a mapping's line reports, as MappingOutcome.flags has them.

    VM_LOCKONFAULT is left out: smaps names it on newer kernels only.
    """
    return tuple(sorted(name for bit, name in _NAMES if flags & bit))


def with_key(flags: int, key: int) -> int:
    """Return the flags of a mapping with another protection key."""
    return flags & ~PKEY | key << _PKEY_SHIFT


def key_of(flags: int) -> int:
    """Return a mapping's protection key, 0 unless it was given one."""
    return (flags & PKEY) >> _PKEY_SHIFT


@lru_cache(maxsize=16)
def _prot(access: int) -> str:
    return ("r" if access & READ else "-") + ("w" if access & WRITE else "-") + ("x" if access & EXEC else "-")


#: The first three characters of a line in /proc/PID/maps, by ``flags & ACCESS``.
PROT_TEXT = tuple(_prot(access) for access in range(8))

#: VmFlags of /proc/self/smaps (fs/proc/task_mmu.c) that say what the other fields of a mapping do not.
VM_FLAGS = {
    "ac": "accounted",
    "dc": "dontfork",
    "dd": "dontdump",
    "de": "dontexpand",
    "dp": "droppable",
    "gd": "growsdown",
    "gu": "guard",
    "hg": "hugepage",
    "ht": "hugetlb",
    "io": "io",
    "lo": "locked",
    "mg": "mergeable",
    "mm": "mixedmap",
    "nh": "nohugepage",
    "nr": "noreserve",
    "pf": "pfnmap",
    "rr": "random",
    "sl": "sealed",
    "sr": "sequential",
    "ui": "uffd-minor",
    "um": "uffd-missing",
    "uw": "uffd-wp",
    "wf": "wipeonfork",
}
