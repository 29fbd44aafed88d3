"""Whether a scenario means the same on another platform than the usual one, for which it was written.

Drawings are in pages, so nearly all do. Some say in bytes what is whole pages, or lead beyond the user space of one
platform into that of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mremapcheck.base.units import PAGE
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.scenario.address import LARGEST, terms
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.operations import Mmap

#: From here on an address is beyond user space, and a size beyond what exists, on every platform there may be.
_BEYOND_ALL = 1 << 56
#: Of a document, what has neither addresses nor sizes.
_WORDS = frozenset(("about", "cite", "file", "flags", "kernel", "name", "summary"))
_ADDRESSES = frozenset(("new_address", "old_address"))


def unsupported(scenario: Scenario, platform: Platform) -> str:
    """Return why a scenario does not mean the same on this platform; '' where it does."""
    if platform is USUAL:
        return ""
    if scenario.keys and not platform.has_keys:
        return "needs protection keys as x86-64 has them: arm64's (FEAT_S1POE) were never measured"
    pages = needs_small_pages(scenario) if platform.page_size != PAGE else ""
    return pages or (needs_user_end(scenario) if platform.user_end > USUAL.user_end else "")


def needs_small_pages(scenario: Scenario) -> str:
    """Return what of a scenario means pages of 4K; '' where nothing does."""
    for step in scenario.operations:
        if type(step) is Mmap and KINDS[step.kind].backing.unit != PAGE:
            return f"needs pages of 4K: {step.kind} has huge pages of {KINDS[step.kind].backing.unit >> 20}M"
    for where, text, value in _numbers(scenario.document, ""):
        if PAGE <= value < _BEYOND_ALL:
            return f"needs pages of 4K: {where} is {text}"
    return ""


def needs_user_end(scenario: Scenario) -> str:
    """Return what of a scenario means the end of the usual platform's user space; '' where nothing does."""
    for where, text, value in _numbers(scenario.document, ""):
        if LARGEST < value < _BEYOND_ALL:
            return f"needs user space that ends at {USUAL.user_end:#x}: {where} is {text}"
    return ""


def _numbers(value: Any, where: str, key: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield where in a document there is a number of bytes, how it is written, and each number in it."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in _WORDS:
                yield from _numbers(item, f"{where}.{name}" if where else name, name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{where}[{index}]", key)
    elif isinstance(value, str):
        for number in terms(value):
            yield where, value, number
    elif key in _ADDRESSES and isinstance(value, int):
        yield where, hex(value), value
