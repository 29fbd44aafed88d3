"""Sizes and addresses as scenarios write them: ``6p``, ``24K``, ``src+2p``, ``dst+1p+8B``, ``0x1000``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mremapcheck.base.text.terminal import quote
from mremapcheck.base.units import PAGE, TASK_SIZE, U64, page_align
from mremapcheck.scenario.reader import Refused

#: The most bytes that one mapping or one operation may span, and an address may be behind the start of its region: what
#: is mapped has to be looked at afterwards.
LARGEST = 6 << 30
#: The most bytes that an address may be before its region.
FARTHEST = 4 << 30
#: Absolute addresses below this (vm.mmap_min_addr of an ordinary system) are never mapped.
LOWEST_USER = 64 << 10

#: Places that the kernel chooses count as if the first began here, each other one so far behind the one before. No
#: kernel is ever given such an address.
CHOSEN_START, CHOSEN_ROOM = 0x5000_0000_0000, 1 << 37

#: No size or address is longer; it also bounds what a regular expression has to try.
LONGEST_TEXT = 100

UNITS = {"B": 1, "p": PAGE, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SIZE = r"(?:[0-9]{1,20}[pBKMG]|0x[0-9a-fA-F]{1,16}B)"
SUM = rf"{SIZE}(?:[+-]{SIZE})*"
REGION_NAME = r"[a-z][a-z0-9_-]*"
ADDRESS = rf"{REGION_NAME}?(?:[+-]{SIZE})*"

_ADDRESS = re.compile(rf"({REGION_NAME}?)((?:[+-]{SIZE})*)")
_SUM = re.compile(SUM)
_TERM = re.compile(rf"([+-]?)({SIZE})")
_CHOSEN = re.compile(r"elsewhere([2-9]|[1-9][0-9])?")
_ABSOLUTE = re.compile(r"0x([0-9a-fA-F]{1,16})")


def chosen_number(region: str | None) -> int:
    """Return which of the places that the kernel chooses a name means, from 1 on; 0 where it means none."""
    found = _CHOSEN.fullmatch(region) if region else None
    return int(found[1] or 1) if found else 0


class Place(NamedTuple):
    """An address before anybody knows where regions lie: ``offset`` bytes from a region's start, or from zero."""

    region: str | None
    offset: int


SIZES = "sizes look like `6p` (pages), `24K`, `2M`, `1G`, `123B` (bytes), `0xfffB` or `2p-1B`"


@lru_cache(maxsize=8192)
def parse_size(text: str) -> int:
    """Return a size in bytes; raises Refused, with the unit that was probably meant as a hint."""
    if len(text) > LONGEST_TEXT or _SUM.fullmatch(text) is None:
        raise Refused(f"{quote(text)} is not a size", _size_hint(text))
    size = sum(_term(term) * (-1 if sign == "-" else 1) for sign, term in _TERM.findall(text))
    if size < 0:
        raise Refused(f"{quote(text)} is less than nothing", "sizes count from 0")
    if size > U64:
        raise Refused(f"{quote(text)} does not fit into 64 bits", f"the largest size is {U64:#x}B")
    return size


def _term(text: str) -> int:
    return int(text[:-1], 16) if text.startswith("0x") else int(text[:-1]) * UNITS[text[-1]]


def terms(text: str) -> list[int]:
    """Return the numbers of bytes that a size or an address is made of, but for those in pages; none for other text."""
    if len(text) > LONGEST_TEXT:
        return []
    if absolute := _ABSOLUTE.fullmatch(text):
        return [int(absolute[1], 16)]
    if not (_SUM.fullmatch(text) or _ADDRESS.fullmatch(text)):
        return []
    return [_term(term) for _, term in _TERM.findall(text) if not term.endswith("p")]


def _size_hint(text: str) -> str:
    found = re.fullmatch(r"([0-9]{1,20})\s*([a-zA-Z]*)", text[:LONGEST_TEXT].strip())
    if found is None:
        return SIZES
    number, unit = found.groups()
    if not unit:
        return bare_number_hint(int(number))
    return f"did you mean `{number}{_unit(unit)}`?" if _unit(unit) else SIZES


def _unit(unit: str) -> str:
    if unit.lower() in ("p", "page", "pages"):
        return "p"
    return unit[0].upper() if unit[0].upper() in "BKMG" else ""


def bare_number_hint(number: int) -> str:
    """Return a hint for a size without a unit, which could be pages or bytes."""
    if number >= PAGE and number % PAGE == 0:
        return f"with its unit: `{number // PAGE}p` (pages) or `{number}B` (bytes)?"
    return f"with its unit: `{number}p` (pages) or `{number * 4}K`?"


@lru_cache(maxsize=8192)
def parse_address(text: str) -> Place:
    """Return the place that ``region``, ``region+SIZE-SIZE`` or ``0x...`` names; raises Refused."""
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if found is not None:
        offset = 0
        if found[2]:
            offset = sum(_term(size) * (1 if sign == "+" else -1) for sign, size in _TERM.findall(found[2]))
        if not -FARTHEST <= offset <= LARGEST:
            hint = "regions reach from 4G before their start to 6G behind it"
            raise Refused(f"{quote(text)} is too far from the region", hint)
        return Place(found[1], offset)
    if absolute := _ABSOLUTE.fullmatch(text):
        return absolute_place(int(absolute[1], 16))
    bare = re.fullmatch(rf"{REGION_NAME}?[+-][0-9]+", text[:LONGEST_TEXT])
    hint = f"did you mean `{text}p`?" if bare else "addresses look like `src`, `src+2p`, `dst-1p+8B` or `0x1000`"
    raise Refused(f"{quote(text)} is not an address", hint)


def absolute_place(number: int) -> Place:
    """Return the place of an absolute address, which must be one where nothing is ever mapped."""
    if LOWEST_USER <= number < TASK_SIZE or not 0 <= number <= U64:
        raise Refused(
            f"{number:#x} may belong to somebody else",
            f"absolute addresses are below {LOWEST_USER:#x} or from {TASK_SIZE:#x} on; name a region: `src+2p`",
        )
    return Place(None, number)


def touches_nothing(size: int) -> bool:
    """Tell whether no kernel touches a range of this size: in whole pages it is beyond user space, or wraps to none."""
    aligned = page_align(size)
    return aligned >= TASK_SIZE or (aligned == 0 and size > 0)


def format_size(size: int) -> str:
    """Return a size as scenarios write it: whole pages where it is, else bytes; hexadecimal beyond what exists."""
    if size > LARGEST:
        return f"{size:#x}B"
    return f"{size // PAGE}p" if size % PAGE == 0 else f"{size}B"
