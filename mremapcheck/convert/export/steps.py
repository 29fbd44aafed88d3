"""A scenario's operations as rows of the pack's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mremapcheck.base.text.c import character, string
from mremapcheck.base.units import PAGE, pages
from mremapcheck.convert.export.c_text import address, flags, kind, size
from mremapcheck.linux.numbers import ADVICE, SEALS
from mremapcheck.scenario import operations as ops
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS

_UFFD = {
    "missing": "MISSING",
    "wp": "WP",
    "minor": "MINOR",
    "missing+events": "MISSING | EVENTS",
    "wp+events": "WP | EVENTS",
    "minor+events": "MINOR | EVENTS",
}


@dataclass(slots=True)
class ObjectNumbers:
    """The files and segments of a scenario, numbered in the order in which they are first mapped."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    #: Lengths in bytes, by number.
    lengths: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, scenario: Scenario) -> ObjectNumbers:
        """Find them; each is long enough for everything that is mapped of it."""
        objects = cls()
        for operation in scenario.operations:
            if isinstance(operation, ops.Mmap) and KINDS[operation.kind].c.has_object:
                key = operation.kind, operation.object
                number = objects.numbers.setdefault(key, len(objects.numbers))
                if number == len(objects.lengths):
                    objects.lengths.append(0)
                end = (operation.offset + pages(operation.size)) * PAGE
                objects.lengths[number] = max(objects.lengths[number], end)
        return objects

    def number(self, operation: ops.Mmap | ops.Truncate | ops.AddSeals) -> int:
        """Return the object's number, -1 where the kind has none."""
        return self.numbers.get((operation.kind, operation.object), -1)


def rows(scenario: Scenario, objects: ObjectNumbers) -> Iterator[str]:
    """Yield the table's rows: the set-up, the conditions of the process, the moves."""
    if scenario.keys:
        yield f"KEYS({scenario.keys})"
    for operation in scenario.setup:
        yield from row(operation, objects)
    yield from conditions(scenario)
    for operation in scenario.script:
        if isinstance(operation, ops.Fallible) and operation.errno is not None:
            steps = list(row(operation, objects))
            yield from (f"FAILS({string(ops.op_name(operation))}, {operation.errno}, {len(steps)})", *steps)
        else:
            yield from row(operation, objects)


def conditions(scenario: Scenario) -> Iterator[str]:
    """Yield what takes effect between the set-up and the first move."""
    process = scenario.process
    if process.fork:
        yield 'FORK("process.fork")'
    if process.map_headroom is not None:
        yield f"HEADROOM({process.map_headroom})"
    for name, limit in process.rlimits.items():
        yield f"LIMIT({name.upper()}, {size(limit.size)}, {int(limit.relative)})"
    if process.refuses_mremap is not None:
        yield f"REFUSE_MREMAP({process.refuses_mremap})"


def row(operation: ops.Operation, objects: ObjectNumbers) -> Iterator[str]:
    """Yield the row of an operation; several for a touch whose tags do not follow each other."""
    where = string(operation.where)
    if isinstance(operation, ops.Touch):
        for start, count, tag in operation.runs():
            at = address(operation.address + start * PAGE)
            yield f"TOUCH({where}, {at}, {size(count * PAGE)}, {character(tag.letter)}, {tag.page})"
    elif isinstance(operation, ops.Fork):
        yield f"FORK({where})"
    elif isinstance(operation, ops.Mlockall):
        yield f"LOCK_FUTURE({where}, {int(operation.on_fault)})"
    elif isinstance(operation, ops.ClearRefs):
        yield f"CLEAR_REFS({where})"
    elif isinstance(operation, ops.Mremap):
        yield (
            f"MREMAP({where}, {address(operation.old_address)}, {size(operation.old_size)}, "
            f"{size(operation.new_size)}, {flags(operation.flags)}, {address(operation.new_address)})"
        )
    elif isinstance(operation, ops.Mmap):
        how = (*operation.how, *(("readonly",) if operation.readonly else ()))
        sharing = " | ".join(["SHARED" if operation.sharing == "shared" else "PRIVATE", *map(str.upper, how)])
        yield (
            f"MMAP({where}, {address(operation.address)}, {size(operation.size)}, {operation.prot.upper()}, "
            f"{kind(operation.kind)}, {sharing}, {objects.number(operation)}, {size(operation.offset * PAGE)})"
        )
    elif isinstance(operation, ops.Truncate):
        yield f"TRUNCATE({where}, {objects.number(operation)}, {size(operation.size)})"
    elif isinstance(operation, ops.AddSeals):
        seals = sum(SEALS[seal] for seal in operation.seals)
        yield f"ADD_SEALS({where}, {objects.number(operation)}, {seals}, {string(' '.join(operation.seals))})"
    else:
        name, *more = _RANGED[type(operation)](operation)
        yield f"{name}({', '.join([where, address(operation.address), size(operation.size), *more])})"


_RANGED: dict[type[Any], Callable[[Any], tuple[str, ...]]] = {
    ops.Munmap: lambda _: ("MUNMAP",),
    ops.Munlock: lambda _: ("MUNLOCK",),
    ops.Mseal: lambda _: ("MSEAL",),
    ops.Read: lambda _: ("READ",),
    ops.UffdUnregister: lambda _: ("UNREGISTER",),
    ops.UffdWriteprotect: lambda operation: ("WRITEPROTECT", str(int(operation.protect))),
    ops.Mlock: lambda operation: ("MLOCK_ON_FAULT" if operation.on_fault else "MLOCK",),
    ops.Mprotect: lambda operation: (
        ("MPROTECT", operation.prot.upper())
        if operation.pkey is None
        else ("MPROTECT_KEY", operation.prot.upper(), str(operation.pkey))
    ),
    ops.Madvise: lambda operation: ("MADVISE", str(ADVICE[operation.advice]), string(operation.advice)),
    ops.UffdRegister: lambda operation: ("REGISTER", _UFFD[operation.mode]),
    ops.SetName: lambda operation: ("NAME", string(operation.name)),
}
