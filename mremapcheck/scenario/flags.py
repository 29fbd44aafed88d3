"""The flags of mremap(2), by name or number."""

from __future__ import annotations

import re
from functools import lru_cache

from mremapcheck.base.text.terminal import quote
from mremapcheck.base.units import U64
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE
from mremapcheck.scenario.reader import Refused, did_you_mean

NAMES = {"MAYMOVE": MREMAP_MAYMOVE, "FIXED": MREMAP_FIXED, "DONTUNMAP": MREMAP_DONTUNMAP}

FLAGS_HINT = "names joined by `|`, or a number: `MAYMOVE|FIXED`, `3`"

_NAME = r"(?:MREMAP_)?(?:MAYMOVE|FIXED|DONTUNMAP)"
_PART = rf"(?:{_NAME}|0x[0-9a-fA-F]{{1,16}}|[0-9]{{1,20}})"
PATTERN = rf"^{_PART}(?: *\| *{_PART})*$"


@lru_cache(maxsize=1024)
def parse_flags(text: str) -> int:
    """Return the number for ``MAYMOVE|FIXED``; names may begin with ``MREMAP_``. Raises Refused."""
    flags = 0
    for part in text.split("|"):
        name = part.strip()
        if re.fullmatch(r"0x[0-9a-fA-F]{1,16}|[0-9]{1,20}", name):
            flags |= int(name, 16 if name.startswith("0x") else 10)
            continue
        flag = NAMES.get(name.removeprefix("MREMAP_"))
        if flag is None:
            words = [word.removeprefix("MREMAP_") for word in re.split(r"[\s,+]+", name)]
            if NAMES.keys() >= {*words}:
                raise Refused(f"{quote(name)} is not a flag of mremap", f"flags are joined by `|`: `{'|'.join(words)}`")
            hint = did_you_mean(name.upper().removeprefix("MREMAP_"), NAMES)
            raise Refused(f"{quote(name)} is not a flag of mremap", hint or FLAGS_HINT)
        flags |= flag
    return flags_number(flags)


def flags_number(flags: int) -> int:
    """Return flags given as a number, which need not be ones that any kernel knows. Raises Refused."""
    if not 0 <= flags <= U64:
        raise Refused("flags do not fit into 64 bits", "from 0 to 0xffffffffffffffff")
    return flags


def format_flags(flags: int) -> str:
    """Return flags in the man page's names without ``MREMAP_``; ``0`` for none, unknown bits as one number."""
    names = [name for name, flag in NAMES.items() if flags & flag]
    rest = flags & ~sum(NAMES.values())
    if rest:
        names.append(hex(rest))
    return "|".join(names) or "0"
