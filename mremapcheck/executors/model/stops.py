"""The versions at which the model changes, or can change at all."""

from __future__ import annotations

from mremapcheck.executors.model.registry import CHANGES, NEWEST, OLDEST
from mremapcheck.linux.versions.releases import releases
from mremapcheck.linux.versions.version import KernelVersion


def stops() -> list[KernelVersion]:
    """Return the versions at which the model can change, in order.

    They are every release, the candidates of a release in whose cycle something changed, and the stable updates that a
    change was backported to, each with the one before.
    """
    found = {OLDEST, NEWEST, *releases(OLDEST, NEWEST)}
    for change in CHANGES:
        for version in (change.release, *change.stable):
            found.add(version)
            if version.rc is None and version.stable > 0:
                found.add(KernelVersion(version.major, version.minor, version.stable - 1))
            for candidate in range(1, version.rc or 0):
                found.add(KernelVersion(version.major, version.minor, rc=candidate))
    return [version for version in sorted(found) if OLDEST <= version <= NEWEST]


def turning_points() -> list[KernelVersion]:
    """Return the releases at which the model changes its behaviour, and its first one.

    A stable update counts until its series ends, which for the order of versions is before the next minor number.
    """
    points = {OLDEST}
    for change in CHANGES:
        points.add(change.release)
        for update in change.stable:
            points |= {update, KernelVersion(update.major, update.minor + 1, rc=1)}
    return sorted(point for point in points if point.series <= NEWEST.series)
