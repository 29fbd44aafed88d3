"""What a kernel showed when memory ran out, held against what another allows, and against what scenarios expect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.outcome.complaint import headline
from mremapcheck.outcome.expectations import mismatches, untouched
from mremapcheck.outcome.possible import Losses

if TYPE_CHECKING:
    from mremapcheck.executors.sweep import Sweep
    from mremapcheck.linux.versions.version import KernelVersion
    from mremapcheck.outcome.possible import PossibleOutcome, PossibleOutcomes
    from mremapcheck.scenario.document import Expectation, Scenario


@dataclass(frozen=True, slots=True)
class Deviation:
    """An outcome of the move numbered ``move`` that one side has and the other has not."""

    move: int
    possible: PossibleOutcome

    def __str__(self) -> str:
        drawn = ", ".join(f'{name} "{drawing}"' for name, drawing in self.possible.regions.items())
        return f"moves[{self.move}]: {self.possible.move}, {drawn}"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``not_allowed`` or ``never_seen`` of the ``faults`` report."""
        return {"move": self.move, **self.possible.to_json()}


@dataclass(frozen=True, slots=True)
class Swept:
    """One scenario swept on one kernel, and maybe on a second.

    ``oracle``: the first says what is allowed of the second; else they are only laid side by side. ``status`` is one of
    ``status.OF_RUN``; ``unexpected`` are outcomes that ``expect`` does not list, in words.
    """

    scenario: Scenario
    status: str
    reason: str | None
    sweep: Sweep
    other: Sweep | None = None
    oracle: bool = False
    more: tuple[Deviation, ...] = ()
    less: tuple[Deviation, ...] = ()
    unexpected: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether every kernel was swept."""
        return all(side.status == "ran" for side in self._sides)

    @property
    def losses(self) -> tuple[Losses, ...]:
        """What can be lost, on each kernel."""
        return tuple(reduce(Losses.__or__, (move.losses for move in side.moves), Losses()) for side in self._sides)

    @property
    def reports(self) -> list[tuple[str, ...]]:
        """What kernels complained of."""
        return list({name: log for move in self._moves() for name, log in move.reports.items()}.values())

    @property
    def troubles(self) -> list[str]:
        """Why runs came to nothing: workers and guests that died."""
        return [trouble for move in self._moves() for trouble in move.troubles]

    @property
    def _sides(self) -> tuple[Sweep, ...]:
        return (self.sweep,) if self.other is None else (self.sweep, self.other)

    def _moves(self) -> Iterator[PossibleOutcomes]:
        for side in self._sides:
            yield from side.moves

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``results`` of the ``faults`` report."""
        scenario = self.scenario
        data: dict[str, Any] = {
            **scenario.heading(),
            "status": self.status,
            "reason": self.reason,
            "moves": [move.to_json() for move in self.sweep.moves],
            "unexpected": list(self.unexpected),
        }
        if self.other is not None:
            data["other"] = [move.to_json() for move in self.other.moves]
            names = ("not_allowed", "never_seen") if self.oracle else ("gained", "lost")
            for name, deviations in zip(names, (self.more, self.less), strict=True):
                data[name] = [each.to_json() for each in deviations]
        return data


def held(
    scenario: Scenario,
    sweep: Sweep,
    other: Sweep | None,
    versions: Iterable[KernelVersion],
    oracle: bool = False,
) -> Swept:
    """Lay the sweeps side by side; ``versions`` are those of the kernels, for what the scenario expects of them."""
    for each in (sweep, other):
        if each is not None and each.status != "ran":
            return Swept(scenario, "skip" if each.status == "skip" else "error", each.reason, sweep, other, oracle)
    more: tuple[Deviation, ...] = ()
    less: tuple[Deviation, ...] = ()
    if other is not None:
        more, less = _missing(other, sweep), _missing(sweep, other)
    said = [
        list(_unexpected(scenario, each, version))
        for each, version in zip((sweep, other), versions, strict=False)
        if each is not None and any(entry.faults is not None for entry in _entries(scenario, version))
    ]
    unexpected = tuple(dict.fromkeys(text for texts in said for text in texts))
    swept = Swept(scenario, "", None, sweep, other, oracle, more, less, unexpected)
    if unexpected or swept.reports or (oracle and more):
        status = "fail"
    elif swept.troubles:
        status = "error"
    else:
        status = "pass" if said or oracle else "unchecked"
    return Swept(scenario, status, _why(swept), sweep, other, oracle, more, less, unexpected)


def _why(swept: Swept) -> str | None:
    if swept.oracle and swept.more:
        return f"not allowed: {swept.more[0]}"
    if swept.reports:
        return f"the kernel complains: {headline(swept.reports[0])}"
    if swept.unexpected:
        return swept.unexpected[0]
    return swept.troubles[0] if swept.troubles else None


def _missing(sweep: Sweep, from_: Sweep) -> tuple[Deviation, ...]:
    """Return the outcomes that the first has and the second has not."""
    return tuple(
        Deviation(mine.index, possible)
        for mine, theirs in zip(sweep.moves, from_.moves, strict=True)
        for possible in mine.all()
        if possible.key not in theirs.keys
    )


def _entries(scenario: Scenario, version: KernelVersion) -> list[Expectation]:
    return [entry for entry in scenario.expect if version in entry.kernel]


def _unexpected(scenario: Scenario, sweep: Sweep, version: KernelVersion) -> Iterator[str]:
    """Yield outcomes of the last move that no entry lists, and, where a model was asked, entries that none is like."""
    blank = untouched(scenario)
    last = sweep.moves[-1]
    for entry in _entries(scenario, version):
        if entry.faults is None:
            continue
        found = [possible for possible in last.all() if not possible.usual]
        for possible in found:
            if not any(_fits(listed, possible, blank) for listed in entry.faults):
                yield f"{Deviation(last.index, possible)}: not among the `faults` of line {entry.line}"
        if not any(possible.ran_out for possible in found):
            continue  # a real kernel need not show all
        for number, listed in enumerate(entry.faults):
            if not any(_fits(listed, possible, blank) for possible in found):
                yield f"faults[{number}] of line {entry.line}: nothing comes to that"


def _fits(listed: Expectation, possible: PossibleOutcome, blank: frozenset[str]) -> bool:
    return next(mismatches(listed, possible.outcome, blank), None) is None
