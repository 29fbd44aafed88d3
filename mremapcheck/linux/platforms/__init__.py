"""The platforms that kernels run on, a module for each architecture: all that differs between them.

A new one is a new module here with ``PLATFORMS``; nothing else has to know of it. What is not said here is the same
everywhere: flags, errnos, layouts of structures (include/uapi/asm-generic).
"""

from __future__ import annotations

import os
import sys
from mmap import PAGESIZE

from mremapcheck.base.modules import modules_of
from mremapcheck.linux.platforms.platform import Platform


def _all() -> dict[str, Platform]:
    modules = modules_of(__name__)
    found = [platform for module in modules for platform in getattr(module, "PLATFORMS", ())]
    return {platform.name: platform for platform in sorted(found, key=lambda platform: not platform.usual)}


#: By the names that references use; the one that they need not name comes first.
PLATFORMS: dict[str, Platform] = _all()
USUAL = next(iter(PLATFORMS.values()))


def of(machine: str, page_size: int) -> Platform | None:
    """Return the platform of a kernel that says so of itself: ``uname -m`` and its size of pages in bytes."""
    for platform in PLATFORMS.values():
        if (platform.machine, platform.page_size) == (machine, page_size):
            return platform
    return None


def machine() -> str:
    """Return what ``uname -m`` says, but to programs of 32 bits (PER_LINUX32); '' where a sandbox refuses uname(2)."""
    try:
        name = os.uname().machine
    except OSError:
        return ""
    wide = (platform.machine for platform in PLATFORMS.values() if platform.narrow == name and sys.maxsize > 1 << 32)
    return next(wide, name)


#: The platform of this process; None: one that nobody has described.
HERE = of(machine(), PAGESIZE)
