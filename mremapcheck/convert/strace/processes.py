"""The processes of a trace, each with its address space; what comes out is every mremap with what lay around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mremapcheck.base.units import PAGE, TASK_SIZE, U64, page_align
from mremapcheck.convert.strace.call import Call, Ledger
from mremapcheck.convert.strace.constants import CLONE, MREMAP
from mremapcheck.convert.strace.effects import EFFECTS, System
from mremapcheck.convert.strace.failures import fail
from mremapcheck.convert.strace.space import AddressSpace, MappingFacts, Segment
from mremapcheck.convert.strace.text import fields, flags, flags_number, number
from mremapcheck.scenario.layout import MARGIN
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE

_CLONES = frozenset(("clone", "clone3", "fork", "vfork"))
_EXECS = frozenset(("execve", "execveat"))


class TracedMove(NamedTuple):
    """One mremap of the trace: its arguments in bytes, what came of it, and the mappings around it just before.

    ``near``: around the old address, and where it may grow to; ``there``: around the new one, where there is one that
    is ``far`` away.
    ``new_address`` is None where the kernel looks at it and the log does not show it. ``notes`` say what is not known
    of it, in sentences.
    """

    log: str
    line: int
    old_address: int
    old_size: int
    new_size: int
    flags: int
    new_address: int | None
    result: int | None
    errno: str | None
    near: tuple[Segment, ...]
    there: tuple[Segment, ...] = ()
    far: bool = False
    notes: tuple[str, ...] = ()
    #: Files of what is near whose length is known, by ftruncate(2) -> their length in bytes.
    lengths: tuple[tuple[str, int], ...] = ()
    #: The line of a call that failed, and may have moved or unmapped some of what is near; 0 where there is none.
    doubt: int = 0


@dataclass(slots=True)
class LeftOut:
    """Moves of the log that no scenario represents: why, how many, and the lines of the first ones."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count one more."""
        self.count += 1
        if len(self.lines) < 5:
            self.lines.append(line)


@dataclass(slots=True)
class Reading:
    """What came of the calls: how many were read, how many of them were mremap, and which of these were left out."""

    ledger: Ledger = field(default_factory=Ledger)
    calls: int = 0
    moves: int = 0
    left: dict[str, LeftOut] = field(default_factory=dict)

    def leave(self, line: int, why: str) -> None:
        """Count a move that no scenario represents."""
        self.left.setdefault(why, LeftOut()).add(line)


def traced_moves(
    calls: Iterable[Call], reading: Reading, processes: TracedProcesses | None = None
) -> Iterator[TracedMove]:
    """Yield every mremap among calls in order; ``reading`` is filled in on the way."""
    processes = processes or TracedProcesses()
    ledger = reading.ledger
    for call in calls:
        name = call.name
        space = processes.space_of(call, ledger)
        if call.begun or name in ("exit", "32-bit"):
            continue
        reading.calls += 1
        if call.injected:
            ledger.notes["Results that strace made up (INJECTED) are not the kernel's, and were left out."] += 1
            ledger.used -= 1
            if name == "mremap":
                reading.moves += 1
                reading.leave(call.line, "strace made the result up")
            continue
        try:
            if name == "mremap":
                reading.moves += 1
                yield _move(space, call, ledger.log, processes.system)
            elif call.errno is not None:
                fail(space, call)
            elif (effect := EFFECTS.get(name)) and not effect(space, call, processes.system):
                ledger.used -= 1
        except (ValueError, IndexError, KeyError) as error:
            ledger.used -= 1
            ledger.refuse(call.line, f"the arguments of this {name} cannot be read: {_what(error)}")
            if name == "mremap":
                reading.leave(call.line, "its arguments cannot be read")


def _what(error: Exception) -> str:
    return "one of them is missing" if not isinstance(error, ValueError) else str(error)[:80]


class TracedProcesses:
    """Which address space a thread has. A log without clone does not tell threads from children; see ``_newcomer``."""

    def __init__(self) -> None:
        self.spaces: dict[int, AddressSpace] = {}
        self.system = System()
        self._last: AddressSpace | None = None
        self._cloning: list[Call] = []
        #: Children that clone has told of and that were not heard of yet.
        self._unheard: dict[int, AddressSpace] = {}
        self._clones = False
        #: Whether a child had the number that clone told.
        self._known = False
        self._stack = False

    def space_of(self, call: Call, ledger: Ledger) -> AddressSpace:
        """Return the address space of whoever makes the call; a new one, where the call begins one."""
        name, pid = call.name, call.pid
        if name == "exit":
            self._cloning = [other for other in self._cloning if other.pid != pid]
            self._unheard.pop(pid, None)
            return self.spaces.pop(pid, None) or AddressSpace()
        space = self.spaces.get(pid)
        if space is None:
            space = self.spaces[pid] = self._newcomer(call, ledger)
        self._last = space
        if name in _CLONES:
            self._clones = True
            self._clone(space, call, ledger)
        elif name in _EXECS and not call.begun and call.errno is None:
            space = self.spaces[pid] = self._last = AddressSpace(whole=True)
        elif name == "brk" and _another_heap(space, call):
            space = self.spaces[pid] = self._last = AddressSpace()
        elif name == "32-bit":
            space.bits = 32
        elif name == "mmap":
            self._stack = "MAP_STACK" in call.arguments[3] if len(call.arguments) > 3 else False
        elif name != "mprotect":
            self._stack = False
        return space

    def _clone(self, space: AddressSpace, call: Call, ledger: Ledger) -> None:
        if call.begun:
            self._cloning.append(call)
            return
        self._cloning = [other for other in self._cloning if other.pid != call.pid]
        if call.name == "clone3" and call.arguments and not call.arguments[0].startswith("{"):
            ledger.notes["The log does not show what clone3 was asked for: its child was taken for a thread."] += 1
        if call.result in self.spaces:
            self._known = True
        elif call.result and call.errno is None:
            self._unheard[call.result] = _inherited(space, call)

    def _newcomer(self, call: Call, ledger: Ledger) -> AddressSpace:
        """A child's first call may come before the clone that made it returns; without clone it has to be guessed.

        It is a thread if a stack for one was mapped just before, else a forked child.
        """
        if (space := self._unheard.pop(call.pid, None)) is not None:
            self._known = True
            return space
        if call.name in _EXECS and not call.begun:
            return AddressSpace(whole=True)
        for clone in self._cloning:
            return _inherited(self.spaces[clone.pid], clone)
        if call.pid and self._unheard and not self._known:  # a container has other numbers inside than the log has
            ledger.notes["Processes have other numbers than clone told: they were matched in their order."] += 1
            return self._unheard.pop(next(iter(self._unheard)))
        if self._last is None or self._clones:
            return AddressSpace()
        what = "a thread" if self._stack else "a forked child"
        note = (
            "The log has no clone, fork or vfork: who shares memory with whom was guessed. Trace them too. "
            f"(Process {call.pid} was taken for {what}.)"
        )
        if not any(other.startswith("The log has no clone") for other in ledger.notes):
            ledger.notes[note] += 1
        return self._last if self._stack else self._last.forked()


def _another_heap(space: AddressSpace, call: Call) -> bool:
    """Tell a new program in a log without execve: its heap ends where no call has put the end of the old one."""
    return call.arguments in (("NULL",), ("0",)) and bool(space.brk) and call.result not in (None, space.brk)


def _inherited(space: AddressSpace, clone: Call) -> AddressSpace:
    return space if clone.name == "vfork" or shares_memory(clone) else space.forked()


def shares_memory(clone: Call) -> bool:
    """Tell whether the child of a clone is a thread, or borrows the memory until it calls exec.

    Where a log shows only where clone3's arguments are it is: C libraries make threads by it, and processes by clone.
    """
    if clone.name == "clone3":
        given = clone.arguments[0] if clone.arguments else ""
        return not given.startswith("{") or "CLONE_VM" in fields(given).get("flags", "")
    for argument in clone.arguments:
        value = argument.removeprefix("flags=")
        try:
            if "CLONE_VM" in value or (value[:1].isdigit() and "CLONE_VM" in flags(value, CLONE)):
                return True
        except ValueError:
            pass
        if value[:1].isdigit():
            break  # raw arguments: only the first one is the flags
    return False


def _close(old: int, old_end: int, new: int, new_end: int) -> bool:
    """Tell whether two ranges are so near to each other that they have to be drawn together."""
    return max(old, new) - min(old_end, new_end) <= 2 * MARGIN * PAGE


def extent(size: int) -> int:
    """Return how many bytes of an address space a size can mean: in whole pages, 0 for one that does not exist."""
    aligned = page_align(size)
    return aligned if aligned < TASK_SIZE else 0


def _move(space: AddressSpace, call: Call, log: str, system: System) -> TracedMove:
    arguments = call.arguments
    old, old_size, new_size = [number(argument) & U64 for argument in arguments[:3]]  # some show them with a sign
    bits = flags_number(arguments[3], MREMAP)
    fixed, keep = bits & MREMAP_FIXED, bits & MREMAP_DONTUNMAP
    result = None if call.errno else call.result
    shown = len(arguments) > 4 and arguments[4] != "?"
    new = number(arguments[4]) & U64 if shown and (fixed or keep) else None
    notes = []
    if fixed and not shown:
        if result is None and bits & MREMAP_MAYMOVE:
            raise ValueError("new_address is not in the log")
        if result is None:
            notes.append("The log does not show new_address, at which the kernel does not look here.")
        new = result
    size, wanted = extent(old_size), extent(new_size)
    refused = _refused_at_once(bits, old, size, new if fixed else None, wanted)
    private = call.errno == "EINVAL" and not old_size and bits & MREMAP_MAYMOVE and not refused
    if result is not None or private or call.errno in ("ENOMEM", "EAGAIN", "EPERM"):
        whole = (wanted > size and (result is not None or not fixed)) or bool(keep and not fixed)
        notes += _prove(space, call, old, size, result, whole and call.errno in (None, "ENOMEM"))
    end = old + max(size, PAGE, 0 if fixed and size else wanted)
    start = old
    there: tuple[Segment, ...] = ()
    far = False
    if new is not None and (new or fixed):
        far = not _close(old, end, new, new + wanted)
        if far:
            there = tuple(space.around(new, new + wanted))
        else:
            start, end = min(old, new), max(end, new + wanted)
    near = tuple(space.around(start, end))
    if space.bits == 32:
        notes.append("The program is a 32-bit one: its addresses end at 4G, which is not drawn.")
    if fixed and new and not space.whole and any(facts is None for _, _, facts in space.pieces(new, new + wanted)):
        notes.append("The log does not begin with the program: what else was mapped at the new address is unknown.")
    doubt = 0
    for segment in (*near, *there):
        doubt = max(doubt, segment.facts.doubt)
    lengths = _lengths(system, (*near, *there)) if system.lengths else ()
    seen = TracedMove(
        log,
        call.line,
        old,
        old_size,
        new_size,
        bits,
        new,
        result,
        call.errno,
        near,
        there,
        far,
        tuple(notes),
        lengths,
        doubt,
    )
    if result is not None:
        space.move(old, old_size, result, new_size, bool(keep))
    elif fixed and not refused:
        for start, length in ((old, size), (new or 0, wanted)):
            space.change(start, length, lambda facts: replace(facts, doubt=call.line))
    return seen


def _lengths(system: System, segments: Iterable[Segment]) -> tuple[tuple[str, int], ...]:
    objects = dict.fromkeys(segment.facts.object for segment in segments if segment.facts.object in system.names)
    files = ((name, system.lengths.get(system.names[name])) for name in objects)
    return tuple((name, length) for name, length in files if length is not None)


def _refused_at_once(flags: int, old: int, size: int, new: int | None, new_size: int) -> bool:
    """Tell whether the arguments alone make a call fail, before it can do anything; ``new`` where MREMAP_FIXED is."""
    keep = flags & MREMAP_DONTUNMAP
    if (
        old % PAGE
        or not new_size
        or (keep and size != new_size)
        or (flags > MREMAP_MAYMOVE and not flags & MREMAP_MAYMOVE)
    ):
        return True
    return new is not None and (new % PAGE != 0 or (new < old + size and old < new + new_size))


def _prove(space: AddressSpace, call: Call, old: int, size: int, result: int | None, whole: bool) -> list[str]:
    """Fill in what the result proves of the old range; return what is only a guess, in sentences.

    A success proves that the first page is mapped, and where the range may not hold several mappings that all of it is
    (``whole``: it grows, or stays without MREMAP_FIXED). A growth that had no room (ENOMEM) proves the same. Holes that
    a move, a shrink or a move of several may pass over stay holes.
    """
    first = space.at(old)
    if first is not None and first.end >= old + size:
        return []
    notes: list[str] = []
    if size == 0 and result is None:  # only shared memory gets a second mapping, and EFAULT is for what is not there
        space.assume(old, PAGE, holes=True)
        return []
    if size == 0:
        if first is None:
            facts = MappingFacts("anon-shared", "shared", object=f"shared-{call.line}", guessed=True)
            space.map(old - old % PAGE, PAGE, 0, facts)
        return notes
    if first is None:
        if any(facts is not None for _, _, facts in space.pieces(old, old + PAGE)):
            notes.append("The log shows the first page being unmapped and not mapped again, yet the call found it.")
        space.assume(old, PAGE, alike=True, holes=True)
    pieces = list(space.pieces(old, old + size))
    if whole and any(facts is not None and facts.kind == "hole" for _, _, facts in pieces) and result is not None:
        notes.append("The log shows a part of the range being unmapped, yet the call found all of it.")
        space.assume(old, size, alike=True, holes=True)
    else:
        if not whole and any(facts is None for _, _, facts in pieces):
            notes.append("Not all of the old range is known to have been mapped; it is drawn so.")
        space.assume(old, size, alike=True)
    return notes
