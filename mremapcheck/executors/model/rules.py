"""The rules of one kernel: its pipelines, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mremapcheck.executors.model.pipeline import Answer
from mremapcheck.executors.model.space import Space
from mremapcheck.executors.model.vma import Uffd, Vma

#: Steps of a call, or of an unmapping: what they work on knows the address space, which knows these rules.
Steps: TypeAlias = tuple[Callable[..., Answer], ...]


class Rules:
    """The compiled pipelines of one kernel (see ``history.v5_4.BASE``), its features, its platform's address space."""

    __slots__ = (
        "check_vma",
        "copy_on_fork",
        "copy_vma",
        "discardable",
        "eligible",
        "extend_down",
        "features",
        "fillable",
        "finish",
        "grow",
        "guard",
        "keeps_protection",
        "lockable_on_fault",
        "map_flags",
        "may_split",
        "merge_mapping",
        "mergeable",
        "move_each",
        "move_vma",
        "mprotect",
        "mremap",
        "mremap_at",
        "mremap_to",
        "munmap",
        "nameable",
        "place",
        "punchable",
        "register_offset",
        "registrable",
        "removable",
        "reregistrable",
        "share_anon_vma",
        "space",
        "take_in",
        "unlockable",
        "unmergeable",
        "unregistrable",
        "write_protect",
        "writers",
    )

    mremap: Steps
    mremap_to: Steps
    mremap_at: Steps
    check_vma: Steps
    grow: Steps
    place: Steps
    move_vma: Steps
    copy_vma: Steps
    move_each: Steps
    finish: tuple[Callable[..., None], ...]
    munmap: Steps
    mergeable: tuple[Callable[[Vma, Vma, bool], str | None], ...]
    may_split: tuple[Callable[[Vma, int], bool], ...]
    removable: tuple[Callable[[Vma], str | None], ...]
    eligible: tuple[Callable[[Vma], str | None], ...]
    keeps_protection: tuple[Callable[[Vma], bool], ...]
    write_protect: tuple[Callable[..., str | None], ...]
    share_anon_vma: tuple[Callable[[Vma, Vma], bool], ...]
    copy_on_fork: tuple[Callable[[Vma], bool], ...]
    mprotect: tuple[Callable[[Vma, int], int], ...]
    registrable: tuple[Callable[[Vma, int], bool], ...]
    reregistrable: tuple[Callable[[Vma, int], bool], ...]
    unregistrable: tuple[Callable[[Vma, Uffd | None], bool], ...]
    punchable: tuple[Callable[[Vma], bool], ...]
    writers: tuple[Callable[[Vma], bool], ...]
    unmergeable: tuple[Callable[[int], int], ...]
    map_flags: tuple[Callable[[str], int], ...]
    fillable: tuple[Callable[..., bool], ...]
    nameable: tuple[Callable[[Vma], str | None], ...]
    unlockable: tuple[Callable[[int], bool], ...]
    lockable_on_fault: tuple[Callable[[Vma], bool], ...]
    discardable: tuple[Callable[[Vma], bool], ...]
    guard: tuple[Callable[..., str | None], ...]
    merge_mapping: Callable[..., Vma | None]
    extend_down: Callable[[Vma, Vma], None]
    take_in: Callable[[Vma, Vma], None]
    register_offset: Callable[[Vma, int], int]
    features: frozenset[str]
    space: Space
