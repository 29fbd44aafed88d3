"""The processes of a trace, each with its address space; what comes out is every mremap with what lay around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mremapcheck.base.units import PAGE, page_align
from mremapcheck.convert.trace.kinds import advised, facts_of_mmap, offset_of_mmap, prot_of
from mremapcheck.convert.trace.space import Facts, Segment, Space
from mremapcheck.convert.trace.strace import Call, flag_names, number, read_calls
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE

_FLAGS = {
    "MREMAP_MAYMOVE": MREMAP_MAYMOVE,
    "MREMAP_FIXED": MREMAP_FIXED,
    "MREMAP_DONTUNMAP": MREMAP_DONTUNMAP,
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One mremap of the trace: its arguments in bytes, what came of it, and the mappings around it just before.

    ``near``: around the old address, and where it may grow to; ``there``: around the new one, where there is one.
    """

    line: int
    old_address: int
    old_size: int
    new_size: int
    flags: int
    new_address: int
    result: int | None
    errno: str | None
    near: tuple[Segment, ...]
    there: tuple[Segment, ...] = ()


@dataclass(slots=True)
class Reading:
    """What a trace held: counts of what was read and of what could not be."""

    calls: int = 0
    moves: int = 0
    unreadable: int = 0


def sightings(lines: Iterable[str], reading: Reading) -> Iterator[Sighting]:
    """Yield every mremap of a log in order; ``reading`` is filled in on the way."""
    processes = _Processes()
    for call in read_calls(lines):
        space = processes.space_of(call)
        if call.begun:
            continue
        reading.calls += 1
        try:
            if call.name == "mremap" and (call.result is not None):
                reading.moves += 1
                yield _move(space, call)
            elif call.errno is None and call.result is not None and (effect := _EFFECTS.get(call.name)):
                effect(space, call)
        except (ValueError, IndexError):
            reading.unreadable += 1


class _Processes:
    """Which address space a thread has. A log without clone does not tell threads from children; see ``_newcomer``."""

    def __init__(self) -> None:
        self.spaces: dict[int, Space] = {}
        self.last: Space | None = None
        self.cloning: list[Call] = []

    def space_of(self, call: Call) -> Space:
        space = self.spaces.get(call.pid)
        if space is None:
            space = self._newcomer(call)
        if call.name in _CLONES:
            if call.begun:
                self.cloning.append(call)
            else:
                self.cloning = [other for other in self.cloning if other.pid != call.pid]
                if call.result and call.errno is None:
                    self.spaces.setdefault(call.result, _inherited(space, call))
        elif call.name == "execve" and not call.begun and call.errno is None:
            space = Space()
        elif call.name == "brk" and call.arguments == ("NULL",) and not call.begun and space.brk:
            space = Space()  # only the program loader asks again: a new program
        self.spaces[call.pid] = self.last = space
        return space

    def _newcomer(self, call: Call) -> Space:
        """A thread's first call may come before the clone that made it returns; else it is most likely a thread."""
        for clone in self.cloning:
            return _inherited(self.spaces[clone.pid], clone)
        return self.last if self.last is not None else Space()


_CLONES = frozenset(("clone", "clone3", "fork", "vfork"))


def _inherited(space: Space, clone: Call) -> Space:
    shares = clone.name == "vfork" or any("CLONE_VM" in argument for argument in clone.arguments)
    return space if shares else space.copy()


def _move(space: Space, call: Call) -> Sighting:
    old, old_size, new_size = (number(argument) for argument in call.arguments[:3])
    flags = _flags(call.arguments[3])
    new = number(call.arguments[4]) if len(call.arguments) > 4 else 0
    result = None if call.errno else call.result
    if result is not None:
        space.assume(old, old_size or PAGE)
    near = tuple(space.around(old, old + page_align(max(old_size, PAGE, 0 if flags & MREMAP_FIXED else new_size))))
    there = tuple(space.around(new, new + page_align(new_size))) if new and flags != MREMAP_MAYMOVE else ()
    seen = Sighting(call.line, old, old_size, new_size, flags, new, result, call.errno, near, there)
    if result is not None:
        space.move(old, old_size, result, new_size, bool(flags & MREMAP_DONTUNMAP))
    return seen


def _flags(text: str) -> int:
    return sum({_FLAGS[name] if name in _FLAGS else number(name) for name in flag_names(text)})


def _mmap(space: Space, call: Call) -> None:
    assert call.result is not None
    size = number(call.arguments[1])
    facts = facts_of_mmap(call)
    space.map(call.result, size, offset_of_mmap(call, facts), facts)


def _munmap(space: Space, call: Call) -> None:
    space.unmap(number(call.arguments[0]), number(call.arguments[1]))


def _brk(space: Space, call: Call) -> None:
    assert call.result is not None
    end = page_align(call.result)
    if space.brk and end > space.brk:
        space.map(space.brk, end - space.brk, space.brk, Facts())
    elif space.brk:
        space.unmap(end, space.brk - end)
    space.brk = end


def _changing(edit: Callable[[Facts, Call], Facts]) -> Callable[[Space, Call], None]:
    def change(space: Space, call: Call) -> None:
        start, size = number(call.arguments[0]), number(call.arguments[1])
        if call.name == "mprotect":
            space.assume(start, size)
        space.change(start - start % PAGE, size + start % PAGE, lambda facts: edit(facts, call))

    return change


def _locked(facts: Facts, call: Call) -> Facts:
    on_fault = len(call.arguments) > 2 and "MLOCK_ONFAULT" in call.arguments[2]
    return replace(facts, lock="on-fault" if on_fault else "true")


def _ioctl(space: Space, call: Call) -> None:
    """Registrations with a userfaultfd, where the trace has ioctl too."""
    request = call.arguments[1]
    if request not in ("UFFDIO_REGISTER", "UFFDIO_UNREGISTER"):
        return
    values = dict(part.split("=", 1) for part in _leaves(call.arguments[2]) if "=" in part)
    mode = ""
    if request == "UFFDIO_REGISTER":
        mode = "wp" if "UFFDIO_REGISTER_MODE_WP" in values["mode"] else "missing"
    space.change(number(values["start"]), number(values["len"]), lambda facts: replace(facts, uffd=mode))


def _leaves(structure: str) -> list[str]:
    """``{range={start=0x1000, len=0x2000}, mode=M}`` -> ``start=0x1000``, ``len=0x2000``, ``mode=M``."""
    flat = structure.replace("=>", ",").replace("{", ",").replace("}", ",")
    return [part.strip() for part in flat.split(",")]


_EFFECTS: dict[str, Callable[[Space, Call], None]] = {
    "mmap": _mmap,
    "munmap": _munmap,
    "brk": _brk,
    "mprotect": _changing(lambda facts, call: replace(facts, prot=prot_of(call.arguments[2]))),
    "pkey_mprotect": _changing(lambda facts, call: replace(facts, prot=prot_of(call.arguments[2]))),
    "madvise": _changing(lambda facts, call: replace(facts, advice=advised(facts.advice, call.arguments[2]))),
    "mlock": _changing(_locked),
    "mlock2": _changing(_locked),
    "munlock": _changing(lambda facts, call: replace(facts, lock="")),
    "mseal": _changing(lambda facts, call: replace(facts, seal=True)),
    "ioctl": _ioctl,
}
