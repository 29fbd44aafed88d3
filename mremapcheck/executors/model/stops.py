"""The versions at which a model can change at all.

They are every release, the candidates of a release in whose cycle something changed, and the stable updates that a
change was backported to, each with the one before.
"""

from __future__ import annotations

from collections.abc import Iterable

from mremapcheck.executors.model.change import Change
from mremapcheck.linux.versions.releases import releases
from mremapcheck.linux.versions.version import KernelVersion


def stops(changes: Iterable[Change], first: KernelVersion, last: KernelVersion) -> list[str]:
    """Return the references of all stops from ``first`` to ``last``, in order."""
    found = {first, last, *releases(first, last)}
    for change in changes:
        for version in (change.release, *change.stable):
            found.add(version)
            if version.rc is None and version.stable > 0:
                found.add(KernelVersion(version.major, version.minor, version.stable - 1))
            for candidate in range(1, version.rc or 0):
                found.add(KernelVersion(version.major, version.minor, rc=candidate))
    return [str(version) for version in sorted(found) if first <= version <= last]
