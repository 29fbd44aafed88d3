"""From what a worker saw to an Execution: the kernel's own lines become mappings, bytes become letters."""

from __future__ import annotations

import errno
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.live.plan import Prepared
from mremapcheck.executors.live.tags import decode
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.vm_flags import VM_FLAGS
from mremapcheck.outcome.assemble import RawFacts, RawMove, chosen_places, located
from mremapcheck.outcome.outcome import Execution, RanOut
from mremapcheck.outcome.verdict import NOT_NEEDED, SeenVma, Snapshot
from mremapcheck.scenario.kinds import KINDS, NO_OFFSET, backing_of
from mremapcheck.scenario.names import BITS
from mremapcheck.scenario.operations import Fallible, Madvise, Mmap, Operation, Read, Touch, UffdRegister, op_name

if TYPE_CHECKING:
    from mremapcheck.executors.live.wire import Move, Observation

#: No mapping of an arena is longer, in bytes: who says so lies.
_LONGEST = 1 << 36
_KEPT = 4096
#: Of a Vma everything but its addresses.
Look: TypeAlias = tuple[str, bool, str, int, str | None, tuple[str, ...], int]


class ResultDecoder:
    """Reads observations; what the kernel prints is mostly the same from one scenario to the next, so it is kept."""

    def __init__(self, platform: Platform = USUAL) -> None:
        self._platform = platform
        self._looks: dict[bytes, Look] = {}

    def execution(self, prepared: Prepared, observation: Observation) -> Execution:
        """Return what came of a scenario."""
        if len(observation) == 5:
            return _trouble(prepared, *observation)
        moves, records, bounds, clusters, (runs, data, holes), total, locked, events, inodes, bits = observation
        vmas = [self._vma(line, flags, inodes) for line, flags in records]
        back = self._platform.from_bytes
        if bounds is not None:
            guards = any(type(step) is Madvise and step.advice == "guard-install" for step in prepared.origins)
            vmas = [_crop(vma, back(start), back(end), guards) for vma, (start, end) in zip(vmas, bounds, strict=True)]
        present = _pages(clusters)
        contents: dict[int, tuple[str, int] | str] = {}
        if data:
            tags = iter(decode(data))
            for first, count in runs:
                for page, tag in zip(range(first, first + count), tags, strict=False):
                    if tag is not None:
                        contents[page] = tag
        if holes:
            read = [page for first, count in runs for page in range(first, first + count)]
            for hole in holes:
                contents[read[hole]] = _unreadable(prepared, vmas, read[hole])
        raw = self._moves(prepared, moves, vmas, present, inodes)
        ran_out = RanOut() if any(move[2] for move in moves) else None
        events = [(kind, *map(back, numbers)) for kind, *numbers in events]
        marked = {name: _marked(bits, 1 << BITS.index(name)) for name in prepared.scenario.bits}
        facts = RawFacts(prepared.scenario, raw, vmas, present, contents, locked, total, events, marked)
        return Execution.of(facts, ran_out=ran_out)

    def _moves(
        self,
        prepared: Prepared,
        seen: list[Move],
        vmas: list[SeenVma],
        present: frozenset[int],
        inodes: dict[str, str],
    ) -> list[RawMove]:
        moves: list[RawMove] = []
        regions = prepared.scenario.regions
        for move, (code, result, _, before, had, after, has, committed) in zip(prepared.moves, seen, strict=True):
            move = located(move, prepared.scenario, moves)
            name = errno.errorcode.get(code, str(code)) if code else None
            result = self._platform.from_bytes(result)
            if before is None:
                moves.append(RawMove(move, name, result, NOT_NEEDED, NOT_NEEDED, committed))
                continue
            places = list(chosen_places(prepared.scenario, moves).values())
            then = Snapshot(_within(self._snapshot(before, inodes), places), None if had is None else _pages(had))
            if name is None:
                moves.append(RawMove(move, None, result, then, NOT_NEEDED, committed))
                continue
            if after is not None:
                now = Snapshot(_within(self._snapshot(after, inodes), places), None if has is None else _pages(has))
            else:
                low, high = regions[0].floor, regions[-1].ceiling
                arena = [vma._replace(flags=(), pkey=0) for vma in vmas if low <= vma.start < high]
                there = frozenset(page for page in present if low <= page << PAGE_SHIFT < high)
                now = Snapshot(arena, None if had is None else there)
            moves.append(RawMove(move, name, 0, then, now, committed))
        return moves

    def _snapshot(self, maps: bytes, inodes: dict[str, str]) -> list[SeenVma]:
        return [self._vma(line, b"", inodes) for line in maps.splitlines()]

    def _vma(self, line: bytes, flags: bytes, inodes: dict[str, str]) -> SeenVma:
        start, _, rest = line.partition(b"-")
        end, _, rest = rest.partition(b" ")
        key = rest + flags
        look = self._looks.get(key)
        if look is None:
            if len(self._looks) >= _KEPT:
                self._looks.clear()
            look = self._looks[key] = _read(rest, flags, inodes, self._platform)
        back = self._platform.from_bytes
        vma = SeenVma(back(int(start, 16)), back(int(end, 16)), *look)
        if not 0 < vma.end - vma.start <= _LONGEST:
            raise ValueError(f"a mapping of {vma.end - vma.start} bytes")
        return vma


def _read(line: bytes, flags: bytes, inodes: dict[str, str], platform: Platform) -> Look:
    """Read a line of maps from behind its addresses, and of smaps the line VmFlags, with a ProtectionKey before it."""
    prot, pages, device, number, *name = line.decode("utf-8", "replace").split(None, 4)
    path = "".join(name)
    inode = f"{device} {number}"
    backing = backing_of(path, device, number, inodes)
    # The first SysV segment of a namespace has the id, and so the inode, 0.
    numbered = (number != "0" or path.startswith("/")) and backing not in NO_OFFSET
    return (
        prot[:3],
        prot[3] == "s",
        backing,
        platform.pages(int(pages, 16)) if numbered else 0,
        inode if numbered else None,
        *_flags(flags),
    )


@lru_cache(maxsize=_KEPT)
def _flags(lines: bytes) -> tuple[tuple[str, ...], int]:
    """Return the names of the flags that a line VmFlags has, and the protection key that a line before it has."""
    key, _, flags = lines.decode().rpartition("\n")
    names = tuple(sorted(VM_FLAGS[flag] for flag in flags.split()[1:] if flag in VM_FLAGS))
    return names, int(key.split()[-1]) if key else 0


def _within(vmas: list[SeenVma], places: list[tuple[int, int]]) -> list[SeenVma]:
    """Return mappings, of those at places that the kernel chose only what is at these (start, end).

    Memory of the interpreter may become one with such a mapping between two looks: no move did that.
    """
    if not places:
        return vmas
    parts = []
    for vma in vmas:
        here = [(low, high) for low, high in places if vma.start < high and low < vma.end]
        parts += [_crop(vma, max(vma.start, low), min(vma.end, high), False) for low, high in here] or [vma]
    return parts


def _crop(vma: SeenVma, start: int, end: int, guards: bool) -> SeenVma:
    """Return [start, end) of a mapping; ``guards``: the scenario puts guard pages somewhere.

    What is beyond is the executor's own, and guard pages there mark the whole mapping: a thread's stack may have some.
    """
    if (vma.start < start or end < vma.end) and not guards:
        vma = vma._replace(flags=tuple([flag for flag in vma.flags if flag != "guard"]))
    skipped = (start - vma.start) >> PAGE_SHIFT
    return vma._replace(start=start, end=end, offset=vma.offset + skipped if vma.object is not None else vma.offset)


def _pages(clusters: list[tuple[int, bytes]]) -> frozenset[int]:
    """Return the numbers of the present pages."""
    found: list[int] = []
    for first, bits in clusters:
        if 0 in bits:
            found += [first + index for index, bit in enumerate(bits) if bit]
        else:
            found += range(first, first + len(bits))
    return frozenset(found)


def _marked(clusters: list[tuple[int, bytes]], mask: int) -> frozenset[int]:
    """Return the numbers of the pages whose byte has a bit of ``mask``."""
    return frozenset(first + index for first, each in clusters for index, byte in enumerate(each) if byte & mask)


def _unreadable(prepared: Prepared, vmas: list[SeenVma], page: int) -> str:
    vma = next(vma for vma in vmas if vma.start <= page << PAGE_SHIFT < vma.end)
    if vma.object is not None:
        lengths = {
            # Without a name each mapping has an object of its own.
            prepared.lengths[op.object] if op.object else op.size >> PAGE_SHIFT
            for op in _mmaps(prepared)
            if KINDS[op.kind].backs(op.sharing).reported == vma.backing
        }
        offset = vma.offset + page - (vma.start >> PAGE_SHIFT)
        if lengths and offset >= (max(lengths) if _has_guards(prepared, vma.backing) else min(lengths)):
            return "beyond the end of the file"
    if "sealed" in vma.flags and vma.prot[0] != "r":
        return "sealed without read permission"
    return "guard page" if vma.backing in ("anon", "shmem", "file", "dev-zero") else "could not be read"


def _has_guards(prepared: Prepared, backing: str) -> bool:
    """Tell whether guard pages are put into a mapping of this backing."""
    mapped = [op for op in _mmaps(prepared) if KINDS[op.kind].backs(op.sharing).reported == backing]
    return any(
        op.address.value <= step.address.value < op.address.value + op.size
        for step in prepared.origins
        if isinstance(step, Madvise) and step.advice == "guard-install"
        for op in mapped
    )


def _mmaps(prepared: Prepared) -> list[Mmap]:
    return [op for op in prepared.scenario.operations if type(op) is Mmap]


def _trouble(prepared: Prepared, index: int, code: int, skip: str, page: int, fault: str) -> Execution:
    """Return the Execution of a scenario whose step ``index`` could not be done."""
    if skip:
        return Execution("skip", None, skip)
    origin = prepared.origins[index] if index < len(prepared.origins) else "the end"
    text = fault or f"{step_name(origin)} failed: {errno.errorcode.get(code, f'errno {code}')}"
    if isinstance(origin, Touch | Read) and code == errno.EFAULT and page >= 0:
        text += f" at page {page}"
        if any(type(operation) is UffdRegister for operation in prepared.origins):
            text += " (does the page wait for a userfaultfd? nobody serves it)"
    wanted = origin.errno if isinstance(origin, Fallible) else None
    if wanted is not None and not fault:
        text = f"{text}, not {wanted}" if code else f"{step_name(origin)} did not fail with {wanted}"
    return Execution("error", None, f"{where(prepared, origin)}: {text}")


def where(prepared: Prepared, origin: Operation | str) -> str:
    """Return how a step is called in a reason: its place in the document, and its line."""
    if isinstance(origin, str):
        return origin
    path = prepared.scenario.path
    return f"{origin.where} ({path}:{origin.line})" if path else f"{origin.where} (line {origin.line})"


def step_name(origin: Operation | str) -> str:
    """Return the name of the operation as the scenario format has it."""
    if isinstance(origin, str):
        return origin
    return op_name(origin)
