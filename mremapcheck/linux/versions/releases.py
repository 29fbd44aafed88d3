"""Which releases of Linux there were."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.linux.versions.version import KernelVersion

#: The minor number of the last release that a major one had (from the release history of kernel.org).
LAST_MINOR = {4: 20, 5: 19, 6: 19}


def releases(first: KernelVersion, last: KernelVersion) -> Iterator[KernelVersion]:
    """Yield the releases from the series of ``first`` to that of ``last``, in order."""
    version = first.series
    while version <= last.series:
        yield KernelVersion(*version)
        major, minor = version
        version = (major + 1, 0) if minor == LAST_MINOR.get(major) else (major, minor + 1)
