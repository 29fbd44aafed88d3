"""Memory that the kernel may drop when it runs short: mmap(2) with MAP_DROPPABLE."""

from __future__ import annotations

import errno

from mremapcheck.linux.numbers import MAP_DROPPABLE
from mremapcheck.linux.vm_flags import DONTDUMP, DROPPABLE, NORESERVE, WIPEONFORK
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Sampling

_MISSING = "this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed"

KIND = Kind(
    "droppable",
    about="memory that may be dropped (MAP_DROPPABLE)",
    feature="droppable",
    backing=Backing("droppable", "anon", anonymous=True, base_flags=DROPPABLE | NORESERVE | WIPEONFORK | DONTDUMP),
    since=("droppable", _MISSING),
    files="none",
    private=MAP_DROPPABLE,
    skip={errno.EINVAL: _MISSING},
    c=CCode(flags="MAP_ANONYMOUS", private="0x08 /* MAP_DROPPABLE */"),
    sampling=Sampling(weight=1, special=True, uffd=("missing",), continues=True),
)
