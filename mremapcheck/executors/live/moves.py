"""The mremap calls of a scenario, and what was mapped before and after each."""

from __future__ import annotations

from errno import EACCES, EAGAIN, ENOMEM, ENOSYS, EPERM

from mremapcheck.base.units import U64
from mremapcheck.executors.live.committed import Committed
from mremapcheck.executors.live.explain import memlock
from mremapcheck.executors.live.gap import Gap
from mremapcheck.executors.live.observation import presence
from mremapcheck.executors.live.shortage import no_memory
from mremapcheck.executors.live.wire import FAILS, HEADROOM, LIMIT, LOCK_FUTURE, PLACED
from mremapcheck.linux.fault_injection import FaultInjection
from mremapcheck.linux.numbers import MREMAP_FIXED, MREMAP_MAYMOVE, SYS_MREMAP
from mremapcheck.linux.pages import PAGE, page_align
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import call, errno
from mremapcheck.linux.trouble import NO_PLACE, NOT_ALL_THERE, Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.executors.live.proc import Proc
    from mremapcheck.executors.live.wire import Move, Plan, Step

#: Of a move: maps and residency before, and after.
_UNCHANGED = (None, None, None, None)


class Moves:
    """Makes the calls of one scenario after the other.

    ``places`` are the (start, end) outside the arena of what calls put there and is still mapped; ``before`` the lines
    of maps before the last.
    ``filtered``: the scenario's own filter refuses them, until this process ends.
    """

    __slots__ = (
        *("_chosen", "_committed", "_faults", "_high", "_low", "_made", "_measures", "_proc", "_steps", "_text"),
        *("before", "filtered", "gap", "places"),
    )

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self._faults = FaultInjection()
        #: For moves that the kernel places, where a later step begins there.
        self.gap = Gap()
        self._steps: tuple[Step, ...] = ()
        self._committed: Committed | None = None
        self._measures = False
        self._made: list[Move] = []
        self._low = self._high = self._text = 0
        #: Where each of the places began that calls returned.
        self._chosen: list[int] = []
        self.places: list[tuple[int, int]] = []
        self.before = b""
        self.filtered = False

    def begin(self, plan: Plan) -> None:
        """Forget the moves of the scenario before."""
        self._made = []
        self._low, self._high, self._text = plan.low, plan.high, plan.text
        self._chosen = []
        self.places = []
        self._steps = plan.steps
        self._measures = plan.committed

    @property
    def committed(self) -> Committed:
        """What measures Committed_AS."""
        if self._committed is None:
            self._committed = Committed()
        return self._committed

    def locate(self, number: int, offset: int, size: int) -> int:
        """Return where a place of the kernel's choice begins, if the range in it is mapped; raise Trouble."""
        if number >= len(self._chosen):
            raise Trouble(fault=NO_PLACE)
        start = self._chosen[number]
        low, high = start + offset, start + offset + size
        if sum(max(0, min(end, high) - max(begin, low)) for begin, end in self.places) < size:
            raise Trouble(fault=NOT_ALL_THERE)
        return start

    def look(self) -> None:
        """See what is still mapped of the places: the rest is nobody's, and soon somebody else's."""
        mapped = [self._proc.head(line)[:2] for line in self._proc.all_maps()]
        self.places = [
            (max(start, low), min(end, high))
            for start, end in self.places
            for low, high in mapped
            if low < end and start < high
        ]

    def make(self, step: Step, limited: bool, crowded: bool) -> None:
        """Make a call; ``limited`` tells that the scenario itself limits locked memory, ``crowded`` map slots.

        Raises Trouble where it is this place that answers and not the kernel: what this user may not, or has not.
        """
        _, arguments, residency, mappings, last, fail_nth = step
        proc = self._proc
        self.before = before = self._maps()
        had = self._resident(before) if residency else None
        if arguments[3] & (MREMAP_MAYMOVE | MREMAP_FIXED) == MREMAP_MAYMOVE and self._wants_gap():
            self.gap.make(page_align(arguments[2]))
        failed = False
        committed = self.committed if self._measures else None
        if committed:
            committed.begin()
        if fail_nth:
            result, code, failed = self._faults.call(fail_nth, (SYS_MREMAP, *arguments))
        else:
            result = call(SYS_MREMAP, *arguments)
            code = errno()
        more = committed.end() if committed else None
        if result != -1:
            if not self._low <= result < self._high and result >= PAGE:
                self._note_place(arguments, result, result + page_align(arguments[2]))
            self._made.append((0, result & U64, failed, before if mappings else None, None, None, None, more))
            return
        if not self.filtered and (skip := self._lack(code, arguments, failed, limited, crowded)):
            raise Trouble(code, skip)
        if last and proc.alike and not self.places:
            self._made.append((code, 0, failed, before, had, None, None, more))
            return
        after = self._maps()
        has = self._resident(after) if residency else None
        if before == after and had == has:
            self._made.append((code, 0, failed, *_UNCHANGED, more))
        else:
            self._made.append((code, 0, failed, before, had, after, has, more))

    def _wants_gap(self) -> bool:
        """Tell whether a step begins at a place of the kernel's choice, and nothing limits what is mapped."""
        codes = {step[2][0] if step[0] == FAILS else step[0] for step in self._steps}
        return PLACED in codes and codes.isdisjoint((LIMIT, HEADROOM, LOCK_FUTURE))

    def _note_place(self, arguments: tuple[int, ...], start: int, end: int) -> None:
        """Note a place that is new: what stays at the one where it is has had a name before."""
        if start != arguments[0]:
            self._chosen.append(start)
            self.places.append((start, end))

    def _maps(self) -> bytes:
        """Return the lines of maps of the arena, and of the places that the kernel chose."""
        text = self._proc.maps(self._text)
        if not self.places:
            return text
        lines = [line + b"\n" for line in self._proc.all_maps() if self._is_of_places(*self._proc.head(line)[:2])]
        return text + b"".join(lines)

    def _is_of_places(self, low: int, high: int) -> bool:
        return any(low < end and start < high for start, end in self.places)

    def _lack(self, code: int, arguments: tuple[int, ...], failed: bool, limited: bool, crowded: bool) -> str:
        """Return what this place lacks that the call failed for; '' where it was the kernel's answer."""
        size = page_align(arguments[2])
        if code == EAGAIN and not limited:
            return memlock(self._proc.status(b"VmLck") * PAGE + size)
        if code == ENOMEM and not failed:
            return no_memory(size, self._proc, crowded)
        return refusal(SYS_MREMAP, *arguments) if code in (EPERM, EACCES, ENOSYS) else ""

    def settle(self, records: list[tuple[bytes, bytes]], present: list[tuple[int, bytes]]) -> list[Move]:
        """Return all moves; ``records`` and ``present``, seen after the last, tell whether that changed anything."""
        if not self._made:
            return []
        code, _, failed, before, had, after, _, more = self._made[-1]
        last_failed = code and before is not None and after is None
        if last_failed and had in (None, present) and before == b"".join([line + b"\n" for line, _ in records]):
            self._made[-1] = (code, 0, failed, *_UNCHANGED, more)
        return self._made

    def _resident(self, maps: bytes) -> list[tuple[int, bytes]]:
        return presence(self._proc, [self._proc.head(line)[:2] for line in maps.splitlines()])
