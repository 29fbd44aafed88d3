"""The format of a scenario document as a whole: both the parser and the JSON Schema are made from ``DOCUMENT``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import quote
from mremapcheck.base.units import PAGE
from mremapcheck.scenario.address import REGION_NAME, SIZE
from mremapcheck.scenario.attributes import Attributes
from mremapcheck.scenario.containers import ListOf, MapOf, Shorthand, Struct, key
from mremapcheck.scenario.document import Limit, Process
from mremapcheck.scenario.drawing import LETTERS, Drawing
from mremapcheck.scenario.expect import EXPECT, ExpectItem
from mremapcheck.scenario.fields import Boolean, Field, Integer, Text
from mremapcheck.scenario.items import ITEM, Item
from mremapcheck.scenario.reader import Reader, Refused, did_you_mean
from mremapcheck.scenario.values import CAPABILITY, DRAWING, ELSEWHERE, FAILURE, LimitSize, Size

NAME = Text("a scenario's name", "[A-Za-z0-9][A-Za-z0-9._-]*", "letters, digits, `.`, `_` and `-`", 100)

_TAKEN = re.compile(rf"{ELSEWHERE}|{'|'.join(EXPECT.keys)}")
_LOOKS_LIKE_ADDRESS = re.compile(rf".*-{SIZE}")


@lru_cache(maxsize=256)
def region_name(name: str) -> None:
    """Refuse what cannot be the name of a region."""
    if re.fullmatch(REGION_NAME, name) is None or len(name) > 40:
        raise Refused(f"{quote(name)} is not a region's name", "lower-case letters, digits, `_` and `-`", on_key=True)
    if _TAKEN.fullmatch(name):
        message = f"{quote(name)} cannot be a region's name: `expect` uses it for something else"
        raise Refused(message, "`src`, `dst` and the like can", on_key=True)
    if _LOOKS_LIKE_ADDRESS.fullmatch(name):
        message = f"{quote(name)} cannot be a region's name: it reads like an address"
        raise Refused(message, "`src`, `dst` and the like can", on_key=True)


def drawn(letter: str, reader: Reader) -> None:
    """Refuse an explanation of a letter that no drawing has."""
    if letter in reader.letters:
        return
    if re.fullmatch(LETTERS, letter) is None:
        raise Refused(f"{quote(letter)} is not a letter", "one of A to Z or a to z", on_key=True)
    if reader.regions:
        hint = did_you_mean(letter, reader.letters) or "draw it in `map`, or leave it out"
        raise Refused(f"no drawing has the letter `{letter}`", hint, on_key=True)


@dataclass(slots=True, kw_only=True)
class RegionItem:
    """A region: its drawing, and how it has to be aligned."""

    pages: Drawing = key(DRAWING, "the drawing: one character is one page, `.` a hole, `A{512}` a long run")
    align: int = key(Size(least=PAGE), "the region begins at a multiple of this: `2M`", default=PAGE)
    offset: int = key(Size(multiple=PAGE), "... and this far behind it: `1M`", default=0)

    def violations(self) -> Iterator[Refused]:
        """Yield an alignment that is none."""
        if self.align & (self.align - 1) or self.align > 1 << 30:
            yield Refused("an alignment is a power of two from 4K to 1G", "`64K`, `2M`, `1G`", at=("align",))
        elif self.offset >= self.align:
            hint = "`align: 2M, offset: 1M` is 1M behind a multiple of 2M"
            yield Refused("the offset is not less than the alignment", hint, at=("offset",))


@dataclass(slots=True, kw_only=True)
class RlimitsItem:
    """Resource limits from the first move on."""

    memlock: Limit | None = key(LimitSize(absolute=True), "RLIMIT_MEMLOCK: `4p`, or what is left: `+4p`", default=None)
    as_: Limit | None = key(LimitSize(absolute=False), "RLIMIT_AS, what is left: `+4p`", default=None)
    data: Limit | None = key(LimitSize(absolute=False), "RLIMIT_DATA, what is left: `+0p`", default=None)


@dataclass(slots=True, kw_only=True)
class SeccompItem:
    """What a system call filter (seccomp) refuses from the first move on, as those of sandboxes do."""

    mremap: str = key(FAILURE, "what mremap(2) fails with, unseen by the kernel: `EPERM`")


@dataclass(slots=True, kw_only=True)
class ProcessItem:
    """Conditions of the process from the first move on; always an ordinary user's."""

    rlimits: RlimitsItem | None = key(Struct(RlimitsItem), "resource limits", default=None)
    keep: tuple[str, ...] = key(ListOf(CAPABILITY), "capabilities that are not dropped", default=())
    map_headroom: int | None = key(
        Integer(-1, 65530), "map slots left below vm.max_map_count; -1: one mapping beyond it", default=None
    )
    fork: bool = key(Boolean(), "the moves are made by a forked child", default=False)

    seccomp: SeccompItem | None = key(Struct(SeccompItem), "what a system call filter refuses", default=None)

    def process(self) -> Process:
        """Return the conditions as executors take them."""
        rlimits = self.rlimits
        said = {"memlock": rlimits.memlock, "as": rlimits.as_, "data": rlimits.data} if rlimits else {}
        limits = {name: limit for name, limit in said.items() if limit is not None}
        refused = () if self.seccomp is None else (("mremap", self.seccomp.mremap),)
        return Process(limits, tuple(dict.fromkeys(self.keep)), self.map_headroom, self.fork, refused)


@dataclass(slots=True, kw_only=True)
class DocumentItem:
    """A scenario: a drawing of mappings, one or more moves, what is expected of which kernel."""

    name: str = key(NAME, "its name; the file's unless said", default="")
    summary: str = key(Text("a summary", longest=200), "what it shows, in one line; the name unless said", default="")
    about: str = key(Text("text"), "more about it", default="")
    cite: tuple[str, ...] = key(
        ListOf(Text("a commit id or another reference", longest=200), single=True),
        "commits, reports and mails that it is about",
        default=(),
    )
    map: dict[str, RegionItem] = key(
        MapOf(
            Shorthand(Struct(RegionItem), "pages"), f"^{REGION_NAME}$", lambda name, reader: region_name(name), least=1
        ),
        'the regions, by name, as drawings: `src: "AABB.C"`',
    )
    vmas: dict[str, Attributes] = key(
        MapOf(Struct(Attributes, again=True), f"^{LETTERS}$", drawn),
        "what letters stand for; private anonymous memory, rw and touched, unless said",
        default=dict,
    )
    process: ProcessItem | None = key(Struct(ProcessItem), "conditions of the process", default=None)
    moves: tuple[Item, ...] = key(
        ListOf(ITEM, least=1, most=1024), "what is done: mremap calls, and other operations (`op:`) on the way"
    )
    expect: tuple[ExpectItem, ...] = key(ListOf(EXPECT, most=256), "what is expected of which kernels", default=())


DOCUMENT: Field[DocumentItem] = Struct(DocumentItem)
