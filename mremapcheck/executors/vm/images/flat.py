"""An ``Image``: a kernel that is not packed, behind a header of 64 bytes (Documentation/arch/arm64/booting.rst)."""

from __future__ import annotations

import re
import struct

from mremapcheck.linux.platforms import PLATFORMS
from mremapcheck.linux.platforms.platform import Platform

_MAGIC_AT, _FLAGS_AT = 56, 24
#: Bits 1 and 2 of the flags -> the size of pages; 0: not told.
_PAGES = (0, 4 << 10, 16 << 10, 64 << 10)
#: Release and builder; the compiler, which has a version of its own; the build.
_BANNER = re.compile(rb"Linux version ([0-9][^ \0\n]{1,127} \([^ \0\n]*\)) [^\0\n]{0,500} (#[0-9][^\0\n]{1,500})")


def platform_of(start: bytes) -> Platform | None:
    """Return the platform of an Image that begins with ``start`` (64 bytes); None for anything else."""
    magic = start[_MAGIC_AT : _MAGIC_AT + 4]
    found = [platform for platform in PLATFORMS.values() if platform.magic and platform.magic == magic]
    if not found:
        return None
    (flags,) = struct.unpack_from("<Q", start, _FLAGS_AT)
    size = _PAGES[flags >> 1 & 3]
    return next((platform for platform in found if platform.page_size == size), found[0])


def banner(data: bytes) -> str | None:
    """Return ``uname -r``, builder and ``uname -v`` in one line; None where there is nothing."""
    found = _BANNER.search(data)
    return b" ".join(found.groups()).decode("ascii", "replace") if found else None
