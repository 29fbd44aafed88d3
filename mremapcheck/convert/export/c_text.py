"""Numbers, flags and names as C has them; ``text.c`` has strings and comments."""

from __future__ import annotations

from collections.abc import Callable

from mremapcheck.base.units import PAGE
from mremapcheck.scenario.address import chosen_number
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.operations import Address


def kind(name: str) -> str:
    """Return the pack's name of a kind: ``anon-shared`` -> ``ANON_SHARED``."""
    return KINDS[name].c.name or identifier(name).upper()


def size(number: int) -> str:
    """Return a size by the nearest page, so that it means the same whatever a page is: ``6*P``, ``P + 1``, ``8``."""
    pages = (number + PAGE // 2) // PAGE
    if not pages or number >= 1 << 44:
        return str(number) if number < 1 << 16 else f"0x{number:x}ULL"
    text = "P" if pages == 1 else f"{pages}*P"
    rest = number - pages * PAGE
    return f"{text} {'-' if rest < 0 else '+'} {abs(rest)}" if rest else text


def address(at: Address) -> str:
    """Return an address by its region's name, as ``identifier`` gives it: ``at_src + 2*P``."""
    if number := chosen_number(at.region):
        return beside(f"CHOSEN({number})", at, size)
    if at.region is None:
        return "0" if at.value == 0 else f"0x{at.value:x}ULL"
    return beside(f"at_{identifier(at.region)}", at, size)


def beside(start: str, at: Address, size: Callable[[int], str]) -> str:
    """Return an address in a region that begins at ``start``; ``size`` writes whole pages."""
    sign, pages, rest = at.distance
    return start + (f" {sign} {size(pages * PAGE)}" if pages else "") + (f" {sign} {rest}" if rest else "")


def identifier(name: str) -> str:
    """Return a name that C takes."""
    return name.replace("-", "_")


FLAG_NAMES = {1: "MAYMOVE", 2: "FIXED", 4: "DONTUNMAP"}


def flags(number: int, prefix: str = "") -> str:
    """Return mremap's flags by name, unknown ones as a number."""
    names = [prefix + name for bit, name in FLAG_NAMES.items() if number & bit]
    rest = number & ~7
    if rest:
        names.append(f"0x{rest:x}" + ("ULL" if rest >> 31 else ""))
    return " | ".join(names) or "0"
