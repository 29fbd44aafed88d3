"""What the vdso and the vvar have in common: a process has one of each, which goes where the drawing has it."""

from __future__ import annotations

from mremapcheck.linux.numbers import ADVICE, MREMAP_FIXED, MREMAP_MAYMOVE, SYS_MADVISE, SYS_MREMAP
from mremapcheck.linux.pages import ARENA_END, ARENA_START, PAGE
from mremapcheck.linux.syscalls import call, errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds.kind import CCode, MmapSite
from mremapcheck.scenario.kinds.placing import mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mremapcheck.scenario.kinds.kind import Mapper


def move_own(name: str) -> Mapper:
    """Return what moves this process's one mapping called ``[name]``; raises Trouble where it has not that size."""

    def move(handle: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
        for low, high, path in mappings():
            if path == f"[{name}]":
                if ARENA_START <= low < ARENA_END:
                    raise Trouble(fault=f"a process has only one {name}")
                if high - low != size:
                    pages = (high - low) // PAGE
                    raise Trouble(skip=f"the {name} of this kernel has {pages} page{'s' * (pages != 1)}")
                if call(SYS_MREMAP, low, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start) == -1:
                    raise Trouble(errno())
                # What this process used of it before shall not show.
                call(SYS_MADVISE, start, size, ADVICE["dontneed"])
                return
        raise Trouble(skip=f"this kernel gives processes no {name}")

    return move


def c_own(name: str) -> CCode:
    """Return how exported programs do the same."""

    def mapping(site: MmapSite) -> Iterator[str]:
        yield f'move_own("[{name}]", {site.at}, {site.size});'

    return CCode(mapping=mapping, snippets=("own",), map=f'move_own(step, "[{name}]");\nreturn;')
