"""Runs plans in this very process, one after the other, and leaves nothing behind between them."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import nullcontext, suppress
from errno import EACCES, EAGAIN, EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM

from mremapcheck.executors.live.arena import Arena, mark
from mremapcheck.executors.live.child import InChild, hand_over, receive
from mremapcheck.executors.live.committed import steady
from mremapcheck.executors.live.conditions import Capabilities, Limits, Processors, protect_others, raise_limits
from mremapcheck.executors.live.explain import explain, memlock, name_trouble, near_zero
from mremapcheck.executors.live.filler import ROOM, Filler
from mremapcheck.executors.live.keys import Keys
from mremapcheck.executors.live.moves import Moves
from mremapcheck.executors.live.objects import Objects
from mremapcheck.executors.live.observation import Pages, bits, contents, presence
from mremapcheck.executors.live.pagemap import clear_refs
from mremapcheck.executors.live.proc import Proc
from mremapcheck.executors.live.seccomp import refuse
from mremapcheck.executors.live.shortage import no_memory, no_slots, reason
from mremapcheck.executors.live.tags import SIZE
from mremapcheck.executors.live.uffd import Uffd
from mremapcheck.executors.live.wire import (
    CALL,
    CLEAR_REFS,
    FAILS,
    FILTER,
    FORK,
    HEADROOM,
    KEYS,
    LIMIT,
    LOCK_FUTURE,
    MAP,
    MOVE,
    NAME,
    PLACED,
    READ,
    SEAL,
    STAY,
    TOUCH,
    TOUCH_TAGS,
    TRUNCATE,
    UFFD_PROTECT,
    UFFD_REGISTER,
    UFFD_UNREGISTER,
    Plan,
    done,
)
from mremapcheck.linux import parent_death
from mremapcheck.linux.numbers import (
    ADVICE,
    PR_SET_THP_DISABLE,
    PR_SET_VMA,
    PR_SET_VMA_ANON_NAME,
    SYS_MADVISE,
    SYS_MMAP,
    SYS_MREMAP,
    SYS_MUNMAP,
    SYS_PERSONALITY,
    SYS_PRCTL,
)
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.sandbox import SandboxRefusal, refusal, require_calls
from mremapcheck.linux.syscalls import Bound, address, buffer, call, errno, raw
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mremapcheck.executors.live.wire import Observation, Step


class Runner:
    """This process's arena and all that it takes to run plans in it.

    Raises Unusable or OSError where this process cannot be used for it. The number of the step being done goes into
    ``progress[0]``. A forked child is given ``timeout`` seconds of its own.
    """

    def __init__(self, progress: memoryview[int] | list[int] | None = None, timeout: float = 10.0) -> None:
        self._progress: memoryview[int] | list[int] = [0] if progress is None else progress
        self._timeout = timeout
        call(SYS_PRCTL, PR_SET_THP_DISABLE, 1, 0, 0, 0)
        _be_plain()
        raise_limits()
        require_calls()
        self._end = mark()
        self._proc = Proc(self._end)
        if skip := no_slots(self._proc, _SLOTS):
            raise SandboxRefusal(*skip.rsplit(": ", 1))
        self._arena = Arena(self._proc)
        self._capabilities = Capabilities()
        self._limits = Limits(self._proc)
        self._filler = Filler()
        self._objects = Objects()
        self._pages = Pages()
        self._calls = Bound()
        self._keys = Keys()
        self._uffd = Uffd(self._limits)
        self._processors = Processors()
        self._limited = False
        #: Pages of this process's own when map slots were counted; -1: they were not. Does it matter if they change?
        self._own = -1
        self._watches = False
        #: A userfaultfd is open, a limit is set or map slots are used up.
        self._special = False
        self._parent = -1
        self._moves = Moves(self._proc)
        self._do: dict[int, Callable[..., object]] = {
            MAP: self._objects.map,
            TOUCH: self._pages.write_table,
            TOUCH_TAGS: self._pages.write,
            READ: self._pages.touch,
            TRUNCATE: self._objects.truncate,
            SEAL: self._objects.seal,
            NAME: self._name,
            UFFD_REGISTER: self._uffd.register,
            UFFD_UNREGISTER: self._uffd.unregister,
            UFFD_PROTECT: self._uffd.protect,
            CLEAR_REFS: clear_refs,
            FORK: self._fork,
            LIMIT: self._limit,
            HEADROOM: self._leave_slots,
            STAY: self._processors.stay,
            FILTER: self._refuse_moves,
            LOCK_FUTURE: self._limits.lock_future,
            KEYS: self._keys.allocate,
            FAILS: self._must_fail,
            PLACED: self._at_place,
        }
        protect_others()

    def fits(self, plan: Plan) -> bool:
        """Tell whether this process will do, or whether it takes one that has leaked nothing.

        Locked memory counts per process, secret memory per user: one limit cannot allow for a leak in both.
        """
        return not self._limits.leaked or not _limits_secret(plan)

    def run(self, plan: Plan) -> tuple[Observation, bool]:
        """Run a plan; tell what was seen, and whether this process is as before and can do another one."""
        if plan.committed:
            return steady(self._moves.committed, lambda: self._run_undisturbed(plan))
        return self._run_undisturbed(plan)

    def _run_undisturbed(self, plan: Plan) -> tuple[Observation, bool]:
        """Run a plan again where the interpreter has taken one of the map slots that were counted.

        Not for ever: what looks so could be a kernel that miscounts what is mapped.
        """
        for self._watches in (True, True, False):
            observation, clean = self._run(plan)
            if not clean or observation[2] != _DISTURBED:
                break
        return observation, clean

    def _run(self, plan: Plan) -> tuple[Observation, bool]:
        progress = self._progress
        do, calls, pages = self._do, self._calls, self._pages
        self._moves.begin(plan)
        self._limited = False
        self._own = -1
        progress[0] = number = 0
        clean = broken = False
        try:
            try:
                if self._filler.pages and not _crowded(plan):
                    self._filler.release()
                self._capabilities.keep(plan.keep)
                if plan.near_zero and (skip := near_zero(plan.near_zero)):
                    raise Trouble(skip=skip)
                if plan.high > self._end:
                    raise Trouble(skip=_SMALL)
                for step in plan.steps:
                    code = step[0]
                    if code == CALL:
                        if raw(*calls[step[1]]) == -1:
                            self._explain(step[1], errno())
                    elif code == TOUCH:
                        if raw(*pages[step]) != step[2] * SIZE:
                            pages.write_table(*step[1:])  # once more, for the reason
                    elif code == MOVE:
                        self._move(step)
                    else:
                        if code >= UFFD_REGISTER and done(step)[0] >= UFFD_REGISTER:
                            self._special = True
                        do[code](*step[1:])
                    number += 1
                    progress[0] = number
                observation = self._observe(plan)
            except InChild as child:
                observation = child.observation
            except Exception as error:
                observation, broken = self._ended(plan, number, error)
            if self._parent >= 0:
                hand_over(self._parent, observation)
        finally:
            with suppress(OSError) if broken else nullcontext():
                clean = self._tidy(plan)
        return observation, clean and not broken

    def _ended(self, plan: Plan, number: int, error: Exception) -> tuple[Observation, bool]:
        """Return what ended a plan, and whether this process is good for nothing more; raise a fault of ours."""
        if isinstance(error, Trouble):
            no_files = error.errno in (EMFILE, ENFILE)
            if no_files:
                error.skip = reason(error.as_error())
            elif not error.skip and number < len(plan.steps):
                error.skip = self._lack(plan.steps[number], error.errno) or self._objects.sealed(
                    plan.steps[number], error.errno
                )
            return (number, error.errno, error.skip, error.page, error.fault), no_files
        lack = reason(error)
        if self._parent < 0 and not lack:
            raise error
        return (number, 0, lack, -1, "" if lack else f"the forked child failed: {error!r}"), True

    def _observe(self, plan: Plan) -> Observation:
        proc = self._proc
        places = self._moves.places
        self._moves.gap.close()
        if self._special:
            self._limits.restore()
            if places:
                self._filler.release()  # all mappings of the process are looked at
            self._filler.park()
        if places:
            records, bounds = proc.smaps_within([(plan.low, plan.high), *places])
            heads = [proc.head(line) for line, _ in records]
        else:
            before = self._moves.before
            records, heads = proc.smaps(before.count(b"\n"), len(before))
            bounds = [head[:2] for head in heads]
        present = presence(proc, bounds)
        marked = bits(proc, bounds) if plan.bits else None
        total = sum([end - start for start, end in bounds]) // PAGE
        if not self._arena.counts(total, self._filler.pages):
            self._filler.release()
            total = self._arena.measure(places)
        locked = self._limits.locked(places) if plan.locks else 0
        events = self._uffd.finish() if self._special else []
        inodes = self._objects.inodes()
        read = contents(self._pages, [line for line, _ in records], heads, bounds, present, inodes)
        cropped = bounds if places else None
        moves = self._moves.settle(records, present)
        return moves, records, cropped, present, read, total, locked, events, inodes, marked

    def _tidy(self, plan: Plan) -> bool:
        self._moves.gap.close()
        if self._special:
            self._uffd.finish()
            self._limits.restore()
            self._filler.park()
            self._processors.roam()
            self._special = False
        clean = self._arena.clear(plan.low, plan.high, self._moves.places, plan.strays)
        if plan.locks and clean:
            clean = self._limits.forgive()
        if self._moves.places and _guards(plan):
            clean = False  # this process's own memory may have merged with guarded memory, and is marked for good
        return self._objects.release() and clean

    def _must_fail(self, wanted: int, step: Step) -> None:
        """Do a step that is expected to fail with the errno ``wanted``; raise Trouble where it does not.

        A step that fails just so because this place lacks something is skipped all the same.
        """
        failed = 0
        try:
            failed = self._perform(step)
        except Trouble as trouble:
            trouble.skip = trouble.skip or self._lack(step, trouble.errno)
            if trouble.skip or trouble.errno != wanted:
                raise
            return
        if failed != wanted:
            raise Trouble(failed)

    def _at_place(self, number: int, start: int, address: int, size: int, step: Step) -> int:
        """Do a step at a place of the kernel's choice, which it takes to begin at ``start``, as ``_perform`` does."""
        shift = self._moves.locate(number, address - start, size) - start
        try:
            return self._perform(_shifted(step, shift))
        finally:
            self._moves.look()

    def _perform(self, step: Step) -> int:
        """Do a step; return the errno of a system call that fails, which nothing here explains. Raises Trouble."""
        if step[0] == CALL:
            if call(*step[1]) == -1:
                failed = errno()
                self._explain(step[1], failed)
                return failed
        elif step[0] == MOVE:
            self._move(step)
        elif step[0] == PLACED:
            return self._at_place(*step[1:])
        else:
            self._do[step[0]](*step[1:])
        return 0

    def _move(self, step: Step) -> None:
        if self._watches and self._own >= 0 and not self._moves.places and self._count_own() != self._own:
            raise Trouble(skip=_DISTURBED)
        self._moves.make(step, self._limited, self._filler.pages > 0)

    def _count_own(self) -> int:
        """Return the pages that are mapped beside the scenario and what uses up map slots."""
        total = self._proc.total() - self._filler.pages
        heads = [self._proc.head(line) for line in self._proc.maps(0).splitlines()]
        return total - sum([end - start for start, end, *_ in heads]) // PAGE

    def _limit(self, name: str, size: int, relative: bool) -> None:
        self._limits.set(name, size, relative)
        self._limited = self._limited or name == "memlock"

    def _explain(self, arguments: tuple[int, ...], code: int) -> None:
        """Raise why a step failed; probes of the kernel have memory of their own."""
        trouble = self._limits.without(
            lambda: explain(arguments, code, self._proc, self._objects, self._limited, self._filler.pages > 0)
        )
        if trouble:
            raise trouble

    def _lack(self, step: Step, code: int) -> str:
        """Return what this place lacks where an object could not be mapped for that; '' where it lacks nothing."""
        if step[0] != MAP:
            return ""
        _, _, _, length, _, size, prot, sharing, *_ = step
        if code == ENOMEM:
            return no_memory(max(length, size), self._proc, self._filler.pages > 0)
        if code == EAGAIN and not self._limited:
            return memlock(self._proc.status(b"VmLck") * PAGE + size)
        return refusal(SYS_MMAP, 0, 0, prot, sharing) if code in (EPERM, EACCES, ENOSYS) else ""

    def _name(self, start: int, size: int, name: bytes) -> None:
        text = buffer(name)
        if call(SYS_PRCTL, PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, size, address(text)) == -1:
            code = errno()
            raise self._limits.without(lambda: name_trouble(code))

    def _refuse_moves(self, code: int) -> None:
        refuse(SYS_MREMAP, code)
        self._moves.filtered = True

    def _leave_slots(self, free: int) -> None:
        self._uffd.get_ready()  # a thread takes map slots, too
        self._filler.prepare(self._proc)
        own = self._count_own()
        self._filler.leave(free)
        self._own = own

    def _fork(self) -> None:
        """Go on in a child; the parent waits for what it saw."""
        self._uffd.settle()
        theirs, ours = os.pipe()
        parent = os.getpid()
        child = os.fork()
        if child:
            os.close(ours)
            self._objects.forked()
            raise InChild(receive(theirs, child))
        os.close(theirs)
        self._parent = ours
        parent_death.die_with(parent)
        with suppress(OSError):  # where it is refused, the tool itself gives a worker up
            signal.setitimer(signal.ITIMER_REAL, self._timeout)
        self._proc.close()
        self._proc.open()
        self._arena.forked()
        self._limits.forked()
        self._uffd.forget()


def _be_plain() -> None:
    """Take back what this process may have inherited: core files, a personality, memory at address 0."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    call(SYS_PERSONALITY, 0)
    call(SYS_MUNMAP, 0, _LOW_END)  # MMAP_PAGE_ZERO


_DISTURBED = "this process itself maps memory again and again: no map slots can be counted"
_SMALL = "its addresses reach further than there is room here, between what this process has mapped itself"
#: Mappings that every process must be able to make beside those of its interpreter.
_SLOTS = 64
#: No process has anything mapped below, unless it was asked for.
_LOW_END = 0x10000


def _shifted(step: Step, shift: int) -> Step:
    """Return a step as it is done so far away."""
    if step[0] == CALL:
        number, address, *more = step[1]
        return CALL, (number, address + shift, *more)
    if step[0] == MOVE:
        address, *more = step[1]
        return MOVE, (address + shift, *more), *step[2:]
    return step[0], step[1] + shift, *step[2:]


def _crowded(plan: Plan) -> bool:
    """Tell whether a scenario can do with the map slots that a parked filler leaves, and will want it back."""
    codes = [step[0] for step in plan.steps]
    return HEADROOM in codes and FORK not in codes and 4 * len(codes) < ROOM


def _guards(plan: Plan) -> bool:
    """Tell whether a scenario may have put guard pages anywhere."""
    install = SYS_MADVISE, ADVICE["guard-install"]
    return any(step[0] == CALL and step[1][::3] == install for step in map(done, plan.steps))


def _limits_secret(plan: Plan) -> bool:
    """Tell whether a scenario limits locked memory and has secret memory."""
    return any(step[:2] == (LIMIT, "memlock") for step in plan.steps) and any(
        step[0] == MAP and step[2] == "secret" for step in map(done, plan.steps)
    )
