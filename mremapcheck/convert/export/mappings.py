"""How a reproducer maps things: the call that makes the object, and the mmap, shmat or trick that maps it."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.base.text.c import short_comment, string
from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.c_text import identifier, size
from mremapcheck.convert.export.steps import ObjectNumbers
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import MmapSite
from mremapcheck.scenario.operations import AddSeals, Mmap, Truncate

PROTS = {
    "none": "PROT_NONE",
    "r": "PROT_READ",
    "rw": "PROT_READ | PROT_WRITE",
    "rx": "PROT_READ | PROT_EXEC",
    "rwx": "PROT_READ | PROT_WRITE | PROT_EXEC",
}


#: Those that libc may not know yet.
_SEALS = {"future-write": "16 /* F_SEAL_FUTURE_WRITE */"}


class Mappings:
    """Writes the statements for each mmap of a scenario; adds to the helpers and headers that the program needs."""

    def __init__(self, scenario: Scenario, uses: set[str], includes: set[str]) -> None:
        self._uses = uses
        self._includes = includes
        self._objects = ObjectNumbers.of(scenario)
        self._opened: dict[int, str] = {}

    def statements(self, operation: Mmap, at: str) -> Iterator[str]:
        """Yield what maps it at the address ``at``, and first what makes the object, if nothing has yet."""
        c = KINDS[operation.kind].c
        self._uses.update(c.snippets)
        size, prot = size_of(operation.size), PROTS[operation.prot]
        fd, length = "-1", 0
        if c.has_object:
            number = self._objects.number(operation)
            if number not in self._opened:
                self._opened[number] = _descriptor(operation)
                yield from self._open(operation, number)
            fd, length = self._opened[number], self._objects.lengths[number]
            if operation.readonly:
                self._uses.add("readonly")
                fd = f"readonly({fd})"
        if c.mapping is not None:
            place = operation.letter, at, size, operation.size, prot, operation.prot
            yield from c.mapping(MmapSite(*place, fd, length, size_of(length)))
            return
        sharing = "MAP_SHARED" if operation.sharing == "shared" else c.private
        how = " | ".join(
            filter(None, ("MAP_FIXED", sharing, c.flags, *(f"MAP_{flag.upper()}" for flag in operation.how)))
        )
        yield f"MUST(mmap({at}, {size}, {prot}, {how}, {fd}, {size_of(operation.offset * PAGE)}));"

    def truncate(self, operation: Truncate) -> str:
        """Return the statement that makes a file shorter or longer, which is open by now."""
        return f"MUST(ftruncate({self._opened[self._objects.number(operation)]}, {size_of(operation.size)}));"

    def add_seals(self, operation: AddSeals) -> Iterator[str]:
        """Yield the statement that seals a memfd, and first what makes it, if nothing has yet."""
        number = self._objects.number(operation)
        if number not in self._opened:
            self._opened[number] = _descriptor(operation)
            yield from self._open(operation, number)
        seals = " | ".join(_SEALS.get(seal, f"F_SEAL_{seal.upper()}") for seal in operation.seals)
        yield f"MUST(fcntl({self._opened[number]}, F_ADD_SEALS, {seals}));"

    def _open(self, operation: Mmap | AddSeals, number: int) -> Iterator[str]:
        c, name, length = KINDS[operation.kind].c, self._opened[number], self._objects.lengths[number]
        self._includes.update(("fcntl.h", *c.headers))
        if c.opening is not None:
            yield from c.opening(name, length, size_of(length))
            return
        if c.remark:
            yield short_comment(c.remark)
        title = string(operation.object.removeprefix("@"))
        yield f"int {name} = {c.open.format(title=title)};"
        yield f"MUST({name});"
        if c.sized:
            yield f"MUST(ftruncate({name}, {size_of(length)}));"


def _descriptor(operation: Mmap | AddSeals) -> str:
    name = operation.object.removeprefix("@") or operation.letter
    return f"fd_{identifier(name)}"


def size_of(number: int) -> str:
    """Return a size as ``c_text.size`` does, for programs that people read: ``6 * P``."""
    return size(number).replace("*", " * ").replace("ULL", "")
