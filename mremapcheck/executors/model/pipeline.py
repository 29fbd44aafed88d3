"""Named steps in order, and the edits that changes make to them.

A pipeline is one function of the kernel written as a list of steps. Each step either goes on (None), or answers and so
ends the pipeline: with an errno (text), with the call's result (an address), or with PASS (a check that is content).
So the order of the steps is both the precedence of the errnos and the list of side effects already done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from mremapcheck.base.dataclass import dataclass
from mremapcheck.executors.model.trace import Trace

#: What a step of a call answers; None goes on.
Answer: TypeAlias = int | str | None
#: The answer of a check that needs no further ones.
PASS: Final = -1

Anchor: TypeAlias = str | tuple[str, ...]
State = TypeVar("State")


def run(steps: Iterable[Callable[[State], Answer]], state: State) -> Answer:
    """Take the steps until one answers."""
    for step in steps:
        answer = step(state)
        if answer is not None:
            return answer
    return None


def check(steps: Iterable[Callable[[State], Answer]], state: State) -> Answer:
    """Take the steps of a check: None where it is passed, whether early or at its end."""
    for step in steps:
        answer = step(state)
        if answer is not None:
            return None if answer == PASS else answer
    return None


@dataclass(frozen=True, slots=True)
class Step:
    """A function at its place: ``slot`` is the name that edits go by, ``change`` the id of what put it there."""

    slot: str
    function: Callable[..., Any]
    change: str | None = None


Pipelines: TypeAlias = dict[str, list[Step]]


class HistoryError(Exception):
    """An edit that names a step which is not there: a mistake in the history, not of the user."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a new step before or after an existing one, or, without an anchor, at the end.

    An anchor of several names means the first of them that is there. ``optional``: leave it where no anchor is.
    """

    pipeline: str
    function: Callable[..., Any]
    before: Anchor = ()
    after: Anchor = ()
    optional: bool = False

    def apply(self, pipelines: Pipelines, change: str) -> None:
        """Edit ``pipelines``; raises HistoryError where no anchor is there."""
        step = Step(self.function.__name__, self.function, change)
        steps = pipelines[self.pipeline]
        try:
            place = _place(steps, self.pipeline, self.before, self.after)
        except HistoryError:
            if self.optional:
                return
            raise
        steps.insert(place, step)


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a step out."""

    pipeline: str
    slot: str

    def apply(self, pipelines: Pipelines, change: str) -> None:
        """Edit ``pipelines``; raises HistoryError where the step is not there."""
        steps = pipelines[self.pipeline]
        del steps[_find(steps, self.pipeline, self.slot)]


@dataclass(frozen=True, slots=True)
class Replace:
    """Put another function into a step's place; the slot keeps its name, so that later edits find it."""

    pipeline: str
    slot: str
    function: Callable[..., Any]

    def apply(self, pipelines: Pipelines, change: str) -> None:
        """Edit ``pipelines``; raises HistoryError where the step is not there."""
        steps = pipelines[self.pipeline]
        steps[_find(steps, self.pipeline, self.slot)] = Step(self.slot, self.function, change)


@dataclass(frozen=True, slots=True)
class Move:
    """Take a step from its place to another, in the same pipeline or (``to``) in another one."""

    pipeline: str
    slot: str
    before: Anchor = ()
    after: Anchor = ()
    to: str = ""

    def apply(self, pipelines: Pipelines, change: str) -> None:
        """Edit ``pipelines``; raises HistoryError where the step or every anchor is missing."""
        steps = pipelines[self.pipeline]
        function = steps.pop(_find(steps, self.pipeline, self.slot)).function
        steps = pipelines[self.to or self.pipeline]
        place = _place(steps, self.to or self.pipeline, self.before, self.after)
        steps.insert(place, Step(self.slot, function, change))


Edit: TypeAlias = Insert | Remove | Replace | Move


def _find(steps: list[Step], pipeline: str, slot: str) -> int:
    for index, step in enumerate(steps):
        if step.slot == slot:
            return index
    raise HistoryError(f"{pipeline} has no step {slot}")


def _place(steps: list[Step], pipeline: str, before: Anchor, after: Anchor) -> int:
    slots = [step.slot for step in steps]
    for anchors, offset in ((before, 0), (after, 1)):
        for anchor in (anchors,) if isinstance(anchors, str) else anchors:
            if anchor in slots:
                return slots.index(anchor) + offset
    if before or after:
        raise HistoryError(f"{pipeline} has none of {before or after}")
    return len(steps)


def follow(step: Step, trace: Trace) -> Callable[..., Any]:
    """Return the step's function so wrapped that ``trace`` knows whose notes it gets."""

    def followed(*args: Any) -> Any:
        outer = trace.step, trace.within, trace.change
        trace.step, trace.within, trace.change = step.function.__name__, trace.step, step.change
        try:
            return step.function(*args)
        finally:
            trace.step, trace.within, trace.change = outer

    return followed


def copy(base: Mapping[str, Iterable[Callable[..., Any]]]) -> Pipelines:
    """Return pipelines that may be edited, from the functions of the base kernel."""
    return {name: [Step(function.__name__, function) for function in functions] for name, functions in base.items()}
