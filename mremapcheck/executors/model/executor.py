"""The model as an executor: scenarios on a simulated address space, with the same outcome as from a real kernel."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from types import TracebackType
from typing import TypeAlias

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.calls.table import CALLS
from mremapcheck.executors.model.exceptions import NotThere, ScenarioEnded, StepDidNotFail, StepFailed
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.mm import InjectedFailure, Mm
from mremapcheck.executors.model.pages import GUARD, PageTable, content
from mremapcheck.executors.model.pipeline import run
from mremapcheck.executors.model.process import SimulatedProcess, fork
from mremapcheck.executors.model.rules import Rules
from mremapcheck.executors.model.trace import Trace
from mremapcheck.executors.model.vma import File, Sight, Vma, seen
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.trouble import NO_PLACE, NOT_ALL_THERE
from mremapcheck.linux.vm_flags import MIXEDMAP, NORESERVE, READ, SEALED
from mremapcheck.outcome.assemble import RawFacts, RawMove, chosen_places
from mremapcheck.outcome.outcome import Execution, Note
from mremapcheck.outcome.verdict import NOT_NEEDED, Snapshot, needs_mappings, needs_residency
from mremapcheck.scenario.document import Process as Conditions
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Address, Fallible, Mremap, Operation, Ranged, chosen_range, op_name
from mremapcheck.scenario.portable import unsupported


class ModelExecutor:
    """A kernel of the model. With ``trace`` each Execution tells the steps that decided something; it is slower so."""

    def __init__(self, kernel: ModelKernel, *, trace: bool = False) -> None:
        _spare_the_collector()
        self._model = kernel
        self._trace = trace
        self._rules = kernel.rules()

    @property
    def kernel(self) -> Kernel:
        """Which kernel answers."""
        model = self._model
        return Kernel(model.reference, "model", str(model.version), model.version, model.ids, platform=model.platform)

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Run the scenarios, in order."""
        for scenario in scenarios:
            yield self.execute(scenario)

    def execute(self, scenario: Scenario) -> Execution:
        """Run one scenario."""
        if reason := unsupported(scenario, self._model.platform):
            return Execution("skip", None, reason)
        if not self._trace and not _fails(scenario):
            return _execute(scenario, self._rules, None)
        trace = Trace(_namer(scenario))
        return _execute(scenario, self._model.rules(trace), trace)

    def __enter__(self) -> ModelExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


@cache
def _spare_the_collector() -> None:
    """Let the garbage collector no longer look at what was loaded by now: it would, every few scenarios.

    Scenarios leave no cycles behind, so there is nothing for it to find; a fifth of the time went into looking.
    """
    gc.freeze()


def _execute(scenario: Scenario, rules: Rules, trace: Trace | None) -> Execution:
    process = SimulatedProcess(Mm(rules), scenario)
    process.mm.marked = bool(scenario.bits)
    moves: list[RawMove] = []
    op = None
    try:
        for op in scenario.setup:
            CALLS[type(op)](process, op)
        _set_conditions(process, scenario.process)
        process.mm.trace = trace
        for op in scenario.script:
            if (found := chosen_range(op)) is not None:
                op = _at_place(op, found, process.mm, scenario, moves)
            if type(op) is Mremap:
                moves.append(_move(process.mm, op) if not scenario.asks_committed else _measured_move(process.mm, op))
            else:
                _do(process, op)
    except ScenarioEnded as stop:
        if isinstance(stop, StepFailed | StepDidNotFail | NotThere) and op is not None:
            line = f"{scenario.path}:{op.line}" if scenario.path else f"line {op.line}"
            return Execution("error", None, f"{op.where} ({line}): {stop.text}", _notes(trace))
        return Execution("skip", None, stop.text, _notes(trace))
    shortage = process.mm.shortage
    ran_out = None if shortage is None else shortage.at
    return Execution.of(_observe(scenario, process.mm, moves), _notes(trace), ran_out)


def _at_place(
    op: Operation, found: tuple[int, int, int, int], mm: Mm, scenario: Scenario, moves: list[RawMove]
) -> Operation:
    """Return an operation with the address of the place that the kernel chose; all of its range must be mapped."""
    number, start, address, size = found
    places = list(chosen_places(scenario, moves).values())
    if number >= len(places):
        raise NotThere(NO_PLACE)
    place = places[number][0]
    first = place + address - start
    if mm.mapped(first, first + size) << PAGE_SHIFT < size:
        raise NotThere(NOT_ALL_THERE)
    if type(op) is Mremap:
        return replace(op, old_address=op.old_address.counted_from(place))
    assert isinstance(op, Ranged)
    return replace(op, address=op.address.counted_from(place))


def _fails(scenario: Scenario) -> bool:
    """Tell whether an allocation of the last move is to fail: a trace then tells at which step that was."""
    last = scenario.script[-1] if scenario.script else None
    return type(last) is Mremap and last.fail_nth > 0


def _do(process: SimulatedProcess, op: Operation) -> None:
    """Do a step; raise Failed where it fails and should not, or does not fail as it should."""
    wanted = op.errno if isinstance(op, Fallible) else None
    try:
        CALLS[type(op)](process, op)
    except StepFailed as failed:
        if wanted is None:
            raise
        if failed.errno != wanted:
            failed.text += f", not {wanted}"
            raise
        return
    if wanted is not None:
        raise StepDidNotFail(op_name(op), wanted)


def _notes(trace: Trace | None) -> tuple[Note, ...]:
    return tuple(trace.notes) if trace is not None else ()


def _set_conditions(process: SimulatedProcess, conditions: Conditions) -> None:
    """Apply what holds from the first move on: limits, privileges, map headroom, the forked child."""
    if conditions.fork:
        fork(process)
    mm = process.mm
    mm.privileges = conditions.keep
    for name, limit in conditions.rlimits.items():
        pages = limit.size >> PAGE_SHIFT
        if name == "memlock":
            mm.memlock_limit = pages + (mm.locked if limit.relative else 0)
        elif name == "as":
            mm.address_limit = pages + (mm.total if limit.relative else 0)
        else:
            mm.data_limit = pages + (mm.data if limit.relative else 0)
    mm.filter = conditions.refuses_mremap
    if conditions.map_headroom is not None:
        mm.max_map_count = len(mm.vmas) + conditions.map_headroom


def _move(mm: Mm, op: Mremap) -> RawMove:
    """Make one mremap call. The verdict needs the mappings where it failed and changed some, and of huge pages."""
    if mm.filter is not None:
        mm.note("a system call filter answers: {}", mm.filter)
        return RawMove(op, mm.filter, 0, NOT_NEEDED, NOT_NEEDED)
    residency = needs_residency(op)
    before = _look(mm, residency)
    call = Call(mm, op)
    if op.fail_nth and mm.trace is not None:
        mm.shortage = InjectedFailure(op.fail_nth, mm.trace)
    answer = run(mm.rules.mremap, call)
    failed = type(answer) is not int
    for step in mm.rules.finish:
        step(call, failed)
    if type(answer) is int:
        return RawMove(op, None, answer, _snapshot(before) if needs_mappings(op) else NOT_NEEDED, NOT_NEEDED)
    assert type(answer) is str
    after = _look(mm, residency)
    if before == after:
        return RawMove(op, answer, 0, NOT_NEEDED, NOT_NEEDED)
    return RawMove(op, answer, 0, _snapshot(before), _snapshot(after))


def _measured_move(mm: Mm, op: Mremap) -> RawMove:
    """Make a call and tell by how much it changed Committed_AS."""
    committed, mapped = mm.committed, _mapped_files(mm)
    move = _move(mm, op)
    left = _mapped_files(mm)
    released = [_released(mm, file, flags) for file, flags in mapped.items() if file not in left]
    if None not in released:
        move.committed = mm.committed - committed - sum(filter(None, released))
    return move


def _mapped_files(mm: Mm) -> dict[File, int]:
    """Return the files that are mapped, with the flags of a mapping."""
    return {vma.file: vma.flags for vma in mm.vmas if vma.file is not None}


def _released(mm: Mm, file: File, flags: int) -> int | None:
    """Return how many committed pages go with a file that is no longer mapped; None where that is not known.

    Shared memory without a name is committed as a whole when it is mapped, or page by page with MAP_NORESERVE, and goes
    with its last mapping, which may be a parent's. Other files are held open, or nothing is committed for them.
    """
    if file.backing.name != "anon-shared":
        return None if file.backing.name == "sysv-shm" else 0
    return None if mm.is_child or flags & NORESERVE else file.inode.length


#: The mappings at one moment and, where they matter, the pages that are present.
_Look: TypeAlias = tuple[list[Sight], frozenset[int] | None]


def _look(mm: Mm, residency: bool) -> _Look:
    vmas = [(vma.start, vma.end, vma.flags, vma.backing, vma.file, vma.pgoff) for vma in mm.vmas]
    return vmas, frozenset(mm.pages) if residency else None


def _snapshot(look: _Look) -> Snapshot:
    vmas, present = look
    return Snapshot([seen(vma) for vma in vmas], present)


def _observe(scenario: Scenario, mm: Mm, moves: list[RawMove]) -> RawFacts:
    """Look at everything as the live executor does: mappings, page tables, counters, and contents last."""
    pages = mm.pages
    contents: dict[int, tuple[str, int] | str] = {}
    for page, entry in pages.items():
        if type(entry) is int:
            continue
        held = content(entry)
        if isinstance(held, tuple):
            contents[page] = held
        elif held == GUARD:
            contents[page] = "guard page"
    for vma in mm.vmas:
        file = vma.file
        if (
            file is not None
            and not vma.backing.anonymous
            and (file.cache or vma.pgoff_at(vma.end) > file.inode.length or vma.flags & MIXEDMAP)
        ):
            _read_file(vma, file, pages, contents)
        if vma.flags & SEALED and not vma.flags & READ:
            for page in range(vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT):
                if page in pages or not vma.backing.anonymous:
                    contents[page] = "sealed without read permission"
    return RawFacts(
        scenario=scenario,
        moves=moves,
        vmas=[vma.seen() for vma in mm.vmas],
        present=set(pages),
        contents=contents,
        locked=mm.locked,
        total=mm.total,
        events=mm.events,
        bits=_bits(scenario, mm) if mm.marked else {},
    )


def _bits(scenario: Scenario, mm: Mm) -> dict[str, frozenset[int]]:
    """Return the pages with each bit of the pagemap that the scenario asks for; guard pages have none."""
    there = {page for page, entry in mm.pages.items() if entry != GUARD}
    fresh = (vma for vma in mm.vmas if vma.soft_dirty)
    found = {
        "uffd-wp": there & mm.protected.keys() if "pagemap-uffd-wp" in mm.rules.features else frozenset(),
        "soft-dirty": (there & mm.soft_dirty).union(
            *(range(vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT) for vma in fresh)
        ),
    }
    return {name: frozenset(found[name]) for name in scenario.bits}


def _read_file(vma: Vma, file: File, pages: PageTable, contents: dict[int, tuple[str, int] | str]) -> None:
    """Read what a file mapping shows: its pages of the page cache, also those not mapped in yet.

    Of a large mapping most pages are in neither; only those that have something to show are looked at.
    """
    first, count = vma.start >> PAGE_SHIFT, (vma.end - vma.start) >> PAGE_SHIFT
    end, ahead = first + count, vma.pgoff - first
    looked: Iterable[int] = range(first, end)
    if not vma.flags & MIXEDMAP and count > len(pages) + len(file.cache):
        shown = {number - ahead for number in file.cache}.union(pages)
        shown.update(range(max(first, file.inode.length - ahead), end))
        looked = [page for page in shown if first <= page < end]
    for page in looked:
        entry = pages.get(page, page + ahead)
        if type(entry) is int:
            if page not in pages and vma.flags & MIXEDMAP:
                contents[page] = "could not be read"  # nothing faults a ring's pages in again
            elif entry >= file.inode.length:
                contents[page] = "beyond the end of the file"
            elif type(data := file.cache.get(entry)) is tuple:
                contents[page] = data


def _namer(scenario: Scenario) -> Callable[[int], str]:
    def name(address: int) -> str:
        for region in scenario.regions:
            if region.floor <= address < region.ceiling:
                return str(Address(region.name, address - region.start, address))
        return hex(address)

    return name
