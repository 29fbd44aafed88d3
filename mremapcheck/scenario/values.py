"""The single values of the format: sizes, addresses, flags, drawings, limits, ranges of kernels."""

from __future__ import annotations

import errno as errno_numbers
import re
from functools import lru_cache
from typing import Any

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote
from mremapcheck.base.units import PAGE, TASK_SIZE
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.scenario import drawing
from mremapcheck.scenario.address import (
    ADDRESS,
    LARGEST,
    SIZES,
    SUM,
    Place,
    absolute_place,
    bare_number_hint,
    chosen_number,
    parse_address,
    parse_size,
    touches_nothing,
)
from mremapcheck.scenario.document import Limit
from mremapcheck.scenario.drawing import Drawing, parse_drawing
from mremapcheck.scenario.fields import Field, Parsed, Schema, string
from mremapcheck.scenario.flags import FLAGS_HINT, flags_number, parse_flags
from mremapcheck.scenario.flags import PATTERN as FLAGS
from mremapcheck.scenario.names import CAPABILITIES
from mremapcheck.scenario.operations import Address
from mremapcheck.scenario.reader import Reader, Refused, describe, did_you_mean

#: Names that an outcome has for the places that the kernel chose, in the order of the moves that returned them.
ELSEWHERE = r"elsewhere[0-9]*"

_OTHER_SIGN = str.maketrans("+-", "-+")

_RUN = r"-?[0-9]{1,7}\+[0-9]{1,7}"
_LAYOUT = rf"(?:{_RUN}(?: +{_RUN})*)?"


class Size(Field[int]):
    """A size in bytes, with its unit; ``beyond``: may also be so large that it cannot exist."""

    def __init__(self, least: int = 0, multiple: int = 1, beyond: bool = False) -> None:
        self.least = least
        self.multiple = multiple
        self.beyond = beyond

    def read(self, value: Any, reader: Reader) -> int:
        if type(value) is not str:
            if type(value) is int and value >= 0:
                raise Refused(f"a size needs its unit, {value} has none", bare_number_hint(value))
            raise Refused(f"expected a size, found {describe(value)}", SIZES)
        size = parse_size(value)
        if size > LARGEST and not (self.beyond and touches_nothing(size)):
            beyond = f"or beyond what exists, from {TASK_SIZE:#x}B on, to see it refused"
            hint = beyond if self.beyond else "scenarios are small: everything that is mapped has to be looked at"
            raise Refused(f"{quote(value)} is more than 6G, the largest size here", hint)
        if size < self.least:
            raise Refused(f"{quote(value)} is nothing: this takes at least one byte", "`1p` is a page")
        if size % self.multiple:
            raise Refused(f"{quote(value)} is not a number of whole pages", f"`{-(-size // PAGE)}p`?")
        return size

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{SUM}$"}


class PageChange(Field[int]):
    """How many pages something has more than before, in bytes: ``+2p``, ``-1p``, ``0p``."""

    def __init__(self) -> None:
        self.size = Size(multiple=PAGE)

    def read(self, value: Any, reader: Reader) -> int:
        if type(value) is str and value.startswith(("+", "-")):
            return self._signed(value, reader)
        size = self.size.read(value, reader)
        if size:
            raise Refused(f"{quote(value)} is no change", f"`+{value}` is that much more, `-{value}` less, `0p` none")
        return size

    def _signed(self, value: str, reader: Reader) -> int:
        """Return a sum that begins with its sign: less of something is more of it, taken away."""
        less = value.startswith("-")
        amount = value[1:].translate(_OTHER_SIGN) if less else value[1:]
        try:
            size = self.size.read(amount, reader)
        except Refused:
            hint = "in whole pages, up to 6G: `+2p` is that much more, `-2p` less, `0p` none"
            raise Refused(f"{quote(value)} is no change", hint) from None
        return -size if less else size

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^[+-]?{SUM}$"}


class AddressField(Field[Place]):
    """An address; ``absolute`` ones are taken by mremap alone, everything else needs whole pages of a region.

    ``chosen``: it may also be where the kernel has put something.
    """

    def __init__(self, absolute: bool = False, chosen: bool = False) -> None:
        self.absolute = absolute
        self.chosen = chosen

    def read(self, value: Any, reader: Reader) -> Place:
        if type(value) is int and self.absolute:
            return absolute_place(value)
        place = parse_address(string(value, "an address"))
        if place.region is None:
            if not self.absolute:
                raise Refused(f"only mremap takes absolute addresses such as {quote(value)}", "name a region: `src+2p`")
        elif reader.regions and place.region not in reader.regions and is_elsewhere(place.region):
            self._check_chosen(place)
        elif reader.regions and place.region not in reader.regions:
            names = [name for name in reader.regions if name == name.lower()]  # no other can be a region's
            hint = did_you_mean(place.region, names) or "draw it under `map`"
            raise Refused(f"there is no region `{place.region}`", hint)
        elif place.offset % PAGE and not self.absolute:
            raise Refused(f"{quote(value)} is not the start of a page", "only mremap takes such addresses")
        return place

    def _check_chosen(self, place: Place) -> None:
        """Refuse a place of the kernel's choice where it cannot be, or is none."""
        if not self.chosen:
            raise Refused(f"nothing can be asked to be at `{place.region}`: the kernel chooses it", "name a region")
        if not chosen_number(place.region):
            hint = "the first is `elsewhere`, the second `elsewhere2`, up to `elsewhere99`"
            raise Refused(f"`{place.region}` is no place of the kernel's choice", hint)
        if place.offset < 0:
            raise Refused("what lies before it is not the scenario's", f"`{place.region}`, `{place.region}+1p`")
        if place.offset % PAGE:
            what = f"`{place.region}+{place.offset}B` is not the start of a page"
            raise Refused(what, f"whole pages: `{place.region}+1p`")

    def schema(self) -> Schema:
        text: Schema = {"type": "string", "pattern": f"^{ADDRESS}$"}
        if not self.absolute:
            return text
        absolute: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{1,16}$"}
        return {"anyOf": [text, absolute, {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}]}


class Result(Field[str]):
    """An address that a move returned, in the form in which outcomes have it."""

    def read(self, value: Any, reader: Reader) -> str:
        place = parse_address(string(value, "an address"))
        if place.region is None:
            raise Refused("a result is named by its region", "`dst`, `src+2p`, or `elsewhere` where the kernel chooses")
        known_place(place.region, reader)
        return str(Address(place.region, place.offset, 0))

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{ADDRESS}$"}


class DrawingField(Field[str]):
    """The drawing of a region afterwards, with its long runs written out."""

    def read(self, value: Any, reader: Reader) -> str:
        text = drawing.expand(string(value, "a drawing"), reader.room)
        reader.room -= len(text)
        unknown = set(text) - reader.letters - {".", "_", "?"}
        if unknown and reader.regions:
            letter = min(unknown)
            raise Refused(f"no mapping has the letter `{letter}`", did_you_mean(letter, reader.letters))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": drawing.EXPECTED_PATTERN}


class LimitSize(Field[Limit]):
    """A resource limit; ``+`` makes it relative to what is in use."""

    def __init__(self, absolute: bool) -> None:
        self.absolute = absolute
        self.size = Size()

    def read(self, value: Any, reader: Reader) -> Limit:
        if type(value) is str and value.startswith("+"):
            return Limit(self.size.read(value[1:], reader), relative=True)
        size = self.size.read(value, reader)
        if not self.absolute:
            raise Refused(
                f"{quote(value)} would depend on what the process has mapped besides",
                f"say how much room is left when the moves begin: `+{value}`",
            )
        return Limit(size, relative=False)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": rf"^\+{'?' if self.absolute else ''}{SUM}$"}


class Lock(Field["bool | str"]):
    """Lock in memory: at once, or as pages come in."""

    def read(self, value: Any, reader: Reader) -> bool | str:
        if value is True or value is False or value == "on-fault":
            return value  # type: ignore[no-any-return]  # one of the three
        hint = did_you_mean(value, ("on-fault",)) if isinstance(value, str) else ""
        raise Refused(f"expected true, false or on-fault, found {describe(value)}", hint or "`lock: true` is mlock(2)")

    def schema(self) -> Schema:
        return {"enum": [True, False, "on-fault"]}


def is_elsewhere(region: str) -> bool:
    """Tell whether a name is that of a place which the kernel chose."""
    return re.fullmatch(ELSEWHERE, region) is not None


def known_place(region: str, reader: Reader) -> None:
    """Refuse what is neither a region of the document nor one of the places that a kernel chooses."""
    if reader.regions and region not in reader.regions and not is_elsewhere(region):
        raise Refused(f"there is no region {quote(region)}", did_you_mean(region, [*reader.regions, "elsewhere"]))


@lru_cache(maxsize=4096)
def parse_kernels(text: str) -> KernelRange:
    """Read a range of kernels, as ``KernelRange.parse`` does; raises Refused."""
    try:
        return KernelRange.parse(text)
    except KernelReferenceError as error:
        raise Refused(error.message, error.hint) from None


def parse_errno(text: str) -> str:
    """Return the errno's usual name, or ``none``; raises Refused."""
    number = getattr(errno_numbers, text, None) if text.startswith("E") else None
    if isinstance(number, int):
        return errno_numbers.errorcode[number]
    if text == "none":
        return text
    hint = did_you_mean(text.upper(), ["none", *errno_numbers.errorcode.values()])
    raise Refused(f"{quote(text)} is not the name of an errno", hint or errno_hint(None))


def parse_failure(text: str) -> str:
    """Return the errno's usual name; raises Refused."""
    name = parse_errno(text)
    if name == "none":
        raise Refused("`none` is no failure", "leave `errno` out: it then has to work")
    return name


def errno_hint(value: Any) -> str:
    """Return what to write instead of a value that is no text."""
    number = abs(value) if type(value) is int else 0
    if number in errno_numbers.errorcode:
        return f"did you mean `{errno_numbers.errorcode[number]}`?"
    return "`EFAULT`, `EINVAL` ..., or `none` for success"


def parse_capability(text: str) -> str:
    """Return the name of a capability that a scenario may keep, without ``CAP_``; raises Refused."""
    name = text.removeprefix("CAP_")
    if name not in CAPABILITIES:
        raise Refused(f"{quote(text)} cannot be kept", did_you_mean(name.upper(), CAPABILITIES))
    return name


def parse_layout(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, pages) for each ``start+pages``; raises Refused."""
    if re.fullmatch(_LAYOUT, text) is None:
        raise Refused(f"{quote(text)} is not a layout", "one `start+pages` per mapping, in pages: `0+3 3+1`")
    runs = []
    for run in text.split():
        start, _, pages = run.rpartition("+")
        runs.append((int(start), int(pages)))
    return tuple(runs)


DRAWING: Field[Drawing] = Parsed("a drawing", parse_drawing, drawing.PATTERN)
MREMAP_FLAGS: Field[int] = Parsed("flags", parse_flags, FLAGS, number=flags_number, hint=lambda value: FLAGS_HINT)
KERNELS: Field[KernelRange] = Parsed("a range of kernels", parse_kernels, r"^[\s0-9A-Za-z.,<>=!*~+_-]*$")
ERRNO: Field[str] = Parsed("the name of an errno", parse_errno, "^(?:none|E[A-Z0-9]+)$", hint=errno_hint)
FAILURE: Field[str] = Parsed("the name of an errno", parse_failure, "^E[A-Z0-9]+$", hint=errno_hint)
CAPABILITY: Field[str] = Parsed("a capability", parse_capability, f"^(?:CAP_)?(?:{'|'.join(CAPABILITIES)})$")
LAYOUT: Field[tuple[tuple[int, int], ...]] = Parsed("a layout", parse_layout, f"^(?:{_LAYOUT})$")
