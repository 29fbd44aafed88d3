"""The build of the running kernel, whatever personality this process has been given (setarch(8), personality(2))."""

from __future__ import annotations

import os
from contextlib import suppress

from mremapcheck.linux.files import read_file

#: How the releases begin that UNAME26 makes of all others.
_DISGUISED = "2.6."


def build() -> tuple[str, str]:
    """Return what ``uname -r`` and ``uname -v`` say; raises OSError where a sandbox refuses uname(2)."""
    name = os.uname()
    release = name.release
    if release.startswith(_DISGUISED):
        with suppress(OSError):  # without /proc nobody runs scenarios here
            release = read_file("/proc/sys/kernel/osrelease").decode().strip()
    return release, name.version
