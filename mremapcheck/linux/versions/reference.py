"""What all references to kernels have in common: the platform behind an ``@``."""

from __future__ import annotations

import re
from difflib import get_close_matches

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote
from mremapcheck.linux.platforms import PLATFORMS
from mremapcheck.linux.platforms.platform import Platform

#: What a platform's name looks like; anything else behind an @ belongs to a path or a command.
_NAME = re.compile(r"[a-z0-9_-]*")


def split(reference: str) -> tuple[str, Platform | None]:
    """Return a reference without its platform, and the platform; None where it names none.

    Raises KernelReferenceError where it names one that is not known here.
    """
    rest, at, name = reference.rpartition("@")
    if not at or not _NAME.fullmatch(name):
        return reference, None
    platform = PLATFORMS.get(name)
    if platform is None:
        close = get_close_matches(name, PLATFORMS, n=1)
        hint = f"did you mean `@{close[0]}`?" if close else f"there are {', '.join(PLATFORMS)}"
        what = f"there is no platform {quote(name)}" if name else "there is no platform behind the `@`"
        raise KernelReferenceError(f"{quote(reference, 120)}: {what}", hint)
    return rest, platform
