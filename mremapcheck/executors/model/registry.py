"""All changes that the model knows, in the order in which the kernel got them."""

from __future__ import annotations

from collections.abc import Iterable

from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.history import (
    advice,
    dontunmap,
    multi_move,
    seals,
    userfaultfd,
    v5_7,
    v5_16,
    v6_1,
    v6_5,
    v6_10,
    v6_15,
    v6_17,
    v7_1,
    v7_3,
)
from mremapcheck.linux.versions.version import KernelVersion

#: The release that has no change, and the newest one that is known: the model is silent about everything outside.
OLDEST = KernelVersion(5, 4)
NEWEST = KernelVersion(7, 3, stable=4)

_MODULES = (v5_7, v5_16, v6_1, v6_5, v6_10, v6_15, v6_17, multi_move, v7_1, dontunmap, v7_3, userfaultfd, advice, seals)

#: In the order of their first release; within one release in the order of the modules.
CHANGES: tuple[Change, ...] = tuple(
    sorted(
        (change for module in _MODULES for change in module.CHANGES),
        key=lambda change: change.release,
    )
)

_BY_ID = {change.id: change for change in CHANGES}


def by_id(id_: str) -> Change | None:
    """Return the change of this id."""
    return _BY_ID.get(id_)


def find(name: str) -> tuple[Change, ...]:
    """Return the change of this id, or those of a commit given by at least 7 hex digits (one commit may make several).

    Nothing where the name means no change.
    """
    change = _BY_ID.get(name)
    if change is not None:
        return (change,)
    if len(name) < 7:
        return ()
    return tuple(
        change
        for change in CHANGES
        if change.commit and (change.commit.startswith(name.lower()) or name.lower().startswith(change.commit))
    )


def changes_of(version: KernelVersion) -> tuple[Change, ...]:
    """Return the changes that a kernel of this version has, from mainline and as stable backports."""
    return ordered(change for change in CHANGES if change.is_in(version))


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes once each, in the registry's order."""
    wanted = {change.id for change in changes}
    return tuple(change for change in CHANGES if change.id in wanted)


def with_needed(changes: Iterable[Change]) -> set[str]:
    """Return the ids of the changes and of all that they build on."""
    ids: set[str] = set()
    open_ = [change.id for change in changes]
    while open_:
        id_ = open_.pop()
        if id_ not in ids:
            ids.add(id_)
            open_ += _BY_ID[id_].needs
    return ids


def with_dependent(changes: Iterable[Change]) -> set[str]:
    """Return the ids of the changes and of all that build on them."""
    ids = {change.id for change in changes}
    for change in CHANGES:  # what builds on a change comes later
        if ids.intersection(change.needs):
            ids.add(change.id)
    return ids
