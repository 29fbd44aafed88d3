"""Shared anonymous memory: each mapping is of a file of its own on the kernel's internal tmpfs."""

from __future__ import annotations

from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Sampling

KIND = Kind(
    "anon-shared",
    about="shared anonymous memory",
    sharing=("shared",),
    backing=Backing("anon-shared", "shmem", placement="shmem"),
    files="each",
    marks=("/dev/zero (deleted)", "[anon_shmem:"),  # without "(deleted)" it is dev-zero
    c=CCode(flags="MAP_ANONYMOUS"),
    sampling=Sampling(weight=6, uffd=("missing", "minor"), names=True, continues=True, enumerated=True),
)
