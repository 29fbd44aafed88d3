"""Makes a scenario ready for a worker: every operation becomes a step of plain numbers, and none may do harm."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from mremapcheck.base.units import ARENA_END, ARENA_START, PAGE, PAGE_SHIFT, TASK_SIZE, page_align
from mremapcheck.executors.live import wire
from mremapcheck.executors.live.tags import encode, place
from mremapcheck.linux.numbers import (
    ADVICE,
    CAPABILITIES,
    MAP_FIXED,
    MAP_NORESERVE,
    MAP_SHARED,
    MAP_STACK,
    MCL_FUTURE,
    MCL_ONFAULT,
    MLOCK_ONFAULT,
    PROTECTIONS,
    RESOURCES,
    SEALS,
    UFFDIO_REGISTER_MODE_MINOR,
    UFFDIO_REGISTER_MODE_MISSING,
    UFFDIO_REGISTER_MODE_WP,
)
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.user_space import user_end
from mremapcheck.outcome.verdict import needs_mappings, needs_residency
from mremapcheck.scenario import operations as ops
from mremapcheck.scenario.address import chosen_number
from mremapcheck.scenario.document import Process, Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.portable import unsupported

_NO_FD = (1 << 64) - 1
_UFFD_MODES = {
    "missing": UFFDIO_REGISTER_MODE_MISSING,
    "wp": UFFDIO_REGISTER_MODE_WP,
    "minor": UFFDIO_REGISTER_MODE_MINOR,
}
_MAP_FLAGS = {"noreserve": MAP_NORESERVE, "stack": MAP_STACK}
_LOWEST = 0x10000
#: Bytes of a line of /proc/self/maps for an anonymous mapping in the arena, and about as many for one of a file.
_LINE = 46
_LONG_LINE = 110
#: Pages that take milliseconds to fault in.
_MANY = 2048


class CannotRun(Exception):  # noqa: N818
    """This scenario cannot be run here; the text is the reason to skip it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario, its plan for a platform, and which operation (or condition, by name) each step of the plan is."""

    scenario: Scenario
    platform: Platform
    plan: wire.Plan
    origins: tuple[ops.Operation | str, ...]
    #: object -> its length in pages in the end
    lengths: dict[str, int]
    moves: tuple[ops.Mremap, ...]


def prepare(scenario: Scenario, platform: Platform = USUAL, end: int | None = None) -> Prepared:
    """Make a scenario ready; raise CannotRun where it means something else on this platform, or would do harm.

    What a worker gets is in the platform's own bytes and numbers of system calls. ``end`` is where user space ends
    there, in bytes; None: where it does here.
    """
    if reason := unsupported(scenario, platform):
        raise CannotRun(reason)
    return _Preparation(scenario, platform, user_end(platform) if end is None else end).prepared()


class _Preparation:
    def __init__(self, scenario: Scenario, platform: Platform, end: int) -> None:
        self.end = end
        self.scenario = scenario
        self.platform = platform
        self.calls = platform.calls
        self.bytes = platform.to_bytes
        regions = scenario.regions
        self.low = regions[0].floor if regions else ARENA_START
        self.high = regions[-1].ceiling if regions else ARENA_START
        self.steps: list[wire.Step] = []
        self.origins: list[ops.Operation | str] = []
        self.moves: list[ops.Mremap] = []
        self.objects: dict[tuple[str, str], int] = {}
        self.lengths: dict[str, int] = {}
        self.mappings = 0
        self.text = 0
        self.locks = False
        self.strays = False
        self.near_zero = 0
        self.keep = 0
        self.slow = False
        self.last: ops.Operation | None = scenario.script[-1] if scenario.script else None
        if not ARENA_START <= self.low <= self.high <= ARENA_END:
            raise CannotRun("the drawing is too large for the arena of the live executor")

    def prepared(self) -> Prepared:
        scenario = self.scenario
        operations = scenario.operations
        for operation in operations:
            if type(operation) is ops.Mmap:
                self._count(operation)
        translate = self._translate
        steps = self.steps
        process = scenario.process
        if scenario.keys:
            self._step("pkey", (wire.KEYS, scenario.keys))
        if process.seccomp or any(type(operation) in (ops.Mseal, ops.Mlockall) for operation in operations):
            # Sealed mappings, filters, what is locked: only the end of a process, cheapest a child's, takes them back.
            self._step("sealing" if not process.seccomp else "process.seccomp", (wire.FORK,))
        if any(type(operation) is ops.Madvise and operation.advice == "pageout" for operation in operations):
            self._step("pageout", (wire.STAY,))
        for operation in scenario.setup:
            steps.append(translate[type(operation)](self, operation))
        self.origins += scenario.setup
        if process != Process():
            self._conditions(process)
        for operation in scenario.script:
            step = self._placed(operation, translate[type(operation)](self, operation))
            if isinstance(operation, ops.Fallible) and operation.errno is not None:
                step = wire.FAILS, getattr(errno, operation.errno), step
            steps.append(step)
        self.origins += scenario.script
        plan = wire.Plan(
            self.bytes(self.low),
            self.bytes(self.high),
            self.mappings,
            self.text,
            self.keep,
            self.locks,
            self.strays,
            self.bytes(self.near_zero),
            self.slow,
            bool(scenario.bits),
            scenario.asks_committed,
            tuple(self.steps),
        )
        lengths = self.lengths | {
            operation.object: operation.size >> PAGE_SHIFT
            for operation in scenario.script
            if type(operation) is ops.Truncate and operation.errno is None
        }
        return Prepared(scenario, self.platform, plan, tuple(self.origins), lengths, tuple(self.moves))

    def _count(self, operation: ops.Mmap) -> None:
        self.mappings += 1
        self.text += _LONG_LINE if KINDS[operation.kind].maker else _LINE
        length = operation.offset + (page_align(operation.size) >> PAGE_SHIFT)
        if length > self.lengths.get(operation.object, 0):
            self.lengths[operation.object] = length
        self.objects.setdefault((operation.kind, operation.object), len(self.objects))

    def _conditions(self, process: Process) -> None:
        self.slow = self.slow or process.fork or process.map_headroom is not None
        for name in process.keep:
            if name not in CAPABILITIES:
                raise CannotRun(f"the live executor cannot keep CAP_{name}")
            self.keep |= 1 << CAPABILITIES[name]
        if process.fork:
            self._step("process.fork", self._fork())
        if process.map_headroom is not None:
            self._step("process.map_headroom", (wire.HEADROOM, process.map_headroom))
        for name, limit in process.rlimits.items():
            if name not in RESOURCES:
                raise CannotRun(f"the live executor cannot limit {name}")
            self._step(f"process.rlimits.{name}", (wire.LIMIT, name, self.bytes(limit.size), limit.relative))
        if process.refuses_mremap is not None:
            self._step("process.seccomp", (wire.FILTER, getattr(errno, process.refuses_mremap)))

    def _step(self, origin: str, step: wire.Step) -> None:
        self.steps.append(step)
        self.origins.append(origin)

    def _range(self, operation: ops.Step, start: int, size: int, region: str | None) -> None:
        """Let through what stays in the scenario's own part of the arena, and what every kernel refuses."""
        if chosen_number(region) or (self.low <= start and start + size <= self.high):
            return
        end = start + page_align(size)
        if region is None:
            self.strays = True
            if end <= _LOWEST or start >= TASK_SIZE:
                return
        elif start == end:
            return
        if end > self.platform.from_bytes(self.end):
            return
        raise CannotRun(
            f"{operation.where}: the range reaches beyond the scenario's own addresses, where the executor itself lives"
        )

    def _placed(self, operation: ops.Operation, step: wire.Step) -> wire.Step:
        """Let a step find the place that the kernel chose, where it is to be done at one."""
        found = ops.chosen_range(operation)
        if found is None:
            return step
        number, start, place, size = found
        return wire.PLACED, number, self.bytes(start), self.bytes(place), self.bytes(size), step

    def _place(self, address: ops.Address) -> None:
        """Note the end of the highest page near zero where something is to be mapped."""
        if address.value < _LOWEST:
            self.near_zero = max(self.near_zero, (address.value & -PAGE) + PAGE)

    def _mremap(self, move: ops.Mremap) -> wire.Step:
        self.moves.append(move)
        old = move.old_address
        new = move.new_address
        self._range(move, old.value, move.old_size, old.region)
        if move.flags & ops.MREMAP_FIXED:
            self._range(move, new.value, move.new_size, new.region)
        hinted = move.flags & ops.MREMAP_DONTUNMAP and new.value  # 0 is no hint
        if new.region is None and (move.flags & ops.MREMAP_FIXED or hinted):
            self._place(new)
        old_size, new_size = self.bytes(move.old_size), self.bytes(move.new_size)
        arguments = (self.bytes(old.value), old_size, new_size, move.flags, self.bytes(new.value))
        return wire.MOVE, arguments, needs_residency(move), needs_mappings(move), move is self.last, move.fail_nth

    def _mmap(self, operation: ops.Mmap) -> wire.Step:
        start, size = self._ranged(operation)
        if operation.address.region is None:
            self._place(operation.address)
        kind = KINDS[operation.kind]
        maker = kind.maker
        if (
            maker is not None
            and maker.placed
            and any(
                step[0] in (wire.HEADROOM, wire.LOCK_FUTURE) or step[:2] == (wire.LIMIT, "as") for step in self.steps
            )
        ):
            raise CannotRun(
                f"{operation.where}: to put {operation.kind} there takes more mappings than the limit allows"
            )
        sharing = MAP_SHARED if operation.sharing == "shared" else kind.private
        for flag in operation.how:
            sharing |= _MAP_FLAGS[flag]
        prot = PROTECTIONS[operation.prot]
        if maker is None:
            return wire.CALL, (self.calls["mmap"], start, size, prot, sharing | kind.flags | MAP_FIXED, _NO_FD, 0)
        self.locks = self.locks or maker.locks
        index = self.objects[operation.kind, operation.object]
        page = self.platform.page_size
        length = self.lengths[operation.object] * page
        offset = operation.offset * page
        return wire.MAP, index, operation.kind, length, start, size, prot, sharing, offset, operation.readonly

    def _truncate(self, operation: ops.Truncate) -> wire.Step:
        index = self.objects[operation.kind, operation.object]
        length = self.lengths[operation.object] * self.platform.page_size
        return wire.TRUNCATE, index, operation.kind, length, self.bytes(operation.size)

    def _add_seals(self, operation: ops.AddSeals) -> wire.Step:
        index = self.objects[operation.kind, operation.object]
        length = self.lengths[operation.object] * self.platform.page_size
        return wire.SEAL, index, operation.kind, length, sum(SEALS[seal] for seal in operation.seals)

    def _munmap(self, operation: ops.Munmap) -> wire.Step:
        return wire.CALL, (self.calls["munmap"], *self._ranged(operation))

    def _mprotect(self, operation: ops.Mprotect) -> wire.Step:
        protection = *self._ranged(operation), PROTECTIONS[operation.prot]
        if operation.pkey is None:
            return wire.CALL, (self.calls["mprotect"], *protection)
        return wire.CALL, (self.calls["pkey_mprotect"], *protection, operation.pkey)

    def _madvise(self, operation: ops.Madvise) -> wire.Step:
        if operation.advice not in ADVICE:
            raise CannotRun(f"{operation.where}: the live executor knows no advice {operation.advice}")
        return wire.CALL, (self.calls["madvise"], *self._ranged(operation), ADVICE[operation.advice])

    def _mlock(self, operation: ops.Mlock) -> wire.Step:
        self.locks = True
        if operation.on_fault:
            return wire.CALL, (self.calls["mlock2"], *self._ranged(operation), MLOCK_ONFAULT)
        return wire.CALL, (self.calls["mlock"], *self._ranged(operation))

    def _mlockall(self, operation: ops.Mlockall) -> wire.Step:
        self.locks = True
        return wire.LOCK_FUTURE, MCL_FUTURE | (MCL_ONFAULT if operation.on_fault else 0)

    def _munlock(self, operation: ops.Munlock) -> wire.Step:
        return wire.CALL, (self.calls["munlock"], *self._ranged(operation))

    def _mseal(self, operation: ops.Mseal) -> wire.Step:
        return wire.CALL, (self.calls["mseal"], *self._ranged(operation), 0)

    def _ranged(self, operation: ops.Ranged | ops.Mmap) -> tuple[int, int]:
        """Return the address and the size in bytes of the platform."""
        start, size = self._checked(operation)
        return self.bytes(start), self.bytes(size)

    def _checked(self, operation: ops.Ranged | ops.Mmap) -> tuple[int, int]:
        start = operation.address.value
        self._range(operation, start, operation.size, operation.address.region)
        return start, operation.size

    def _touch(self, operation: ops.Touch) -> wire.Step:
        start, _ = self._checked(operation)
        start = self.bytes(start & -PAGE)
        tags = operation.tags
        count = len(tags)
        self.slow = self.slow or count > _MANY
        letter, page = tags[0].letter, tags[0].page
        expected = page
        for tag in tags:
            if tag.page != expected or tag.letter != letter:
                return wire.TOUCH_TAGS, start, b"".join([encode(tag.letter, tag.page, 1) for tag in tags])
            expected += 1
        known = place(letter, page, count)
        if known is not None:
            return wire.TOUCH, start, count, known
        return wire.TOUCH_TAGS, start, encode(letter, page, count)

    def _read(self, operation: ops.Read) -> wire.Step:
        start, size = self._checked(operation)
        first = start & -PAGE
        return wire.READ, self.bytes(first), (page_align(start + size) - first) // PAGE

    def _uffd_register(self, operation: ops.UffdRegister) -> wire.Step:
        mode, _, events = operation.mode.partition("+")
        if events and self._takes_clock():
            raise CannotRun(f"{operation.where}: a thread reads the events, and threads need the vdso where it was")
        return wire.UFFD_REGISTER, *self._ranged(operation), _UFFD_MODES[mode], bool(events)

    def _uffd_unregister(self, operation: ops.UffdUnregister) -> wire.Step:
        return wire.UFFD_UNREGISTER, *self._ranged(operation)

    def _uffd_writeprotect(self, operation: ops.UffdWriteprotect) -> wire.Step:
        return wire.UFFD_PROTECT, *self._ranged(operation), operation.protect

    def _clear_refs(self, operation: ops.ClearRefs) -> wire.Step:
        return (wire.CLEAR_REFS,)

    def _set_name(self, operation: ops.SetName) -> wire.Step:
        return wire.NAME, *self._ranged(operation), operation.name.encode()

    def _fork(self, operation: ops.Fork | None = None) -> wire.Step:
        if self._takes_clock():
            raise CannotRun("to fork the interpreter needs the vdso where it was")
        return (wire.FORK,)

    def _takes_clock(self) -> bool:
        """Tell whether the scenario takes this process's own clock away."""
        makers = (KINDS[kind].maker for kind, _ in self.objects)
        return any(maker is not None and maker.clock for maker in makers)

    _translate: ClassVar[dict[type, Callable[..., wire.Step]]] = {
        ops.Mremap: _mremap,
        ops.Mmap: _mmap,
        ops.Truncate: _truncate,
        ops.AddSeals: _add_seals,
        ops.Munmap: _munmap,
        ops.Mprotect: _mprotect,
        ops.Madvise: _madvise,
        ops.Mlock: _mlock,
        ops.Mlockall: _mlockall,
        ops.Munlock: _munlock,
        ops.Mseal: _mseal,
        ops.Touch: _touch,
        ops.Read: _read,
        ops.UffdRegister: _uffd_register,
        ops.UffdUnregister: _uffd_unregister,
        ops.UffdWriteprotect: _uffd_writeprotect,
        ops.ClearRefs: _clear_refs,
        ops.SetName: _set_name,
        ops.Fork: _fork,
    }
