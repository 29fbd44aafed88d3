"""One scenario on a row of kernels, and the ranges of neighbours that behave alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.compare.differences import differences
from mremapcheck.executors.parallel import lockstep
from mremapcheck.outcome.expectations import Result, judge
from mremapcheck.outcome.outcome import shared

if TYPE_CHECKING:
    from mremapcheck.compare.difference import Difference
    from mremapcheck.executors.protocol import Executor, Kernel
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class Era:
    """Neighbouring columns, ``first`` to ``last`` (both included), with the same outcome; ``label`` names it."""

    first: int
    last: int
    label: str
    #: What distinguishes it from the era before; none for the first, and where either did not run.
    differences: tuple[Difference, ...] = ()
    #: The era before has the same errno and verdict, so that only the differences tell them apart.
    same_label: bool = False

    @property
    def class_name(self) -> str | None:
        """The class of the worst difference from the era before."""
        return self.differences[0].class_name if self.differences else None


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario, judged on every kernel of the matrix, in its order."""

    scenario: Scenario
    cells: tuple[Result, ...]
    eras: tuple[Era, ...]

    @property
    def status(self) -> str:
        """The worst of its cells; ``unchecked`` and ``skip`` where no cell was held against anything."""
        statuses = {cell.status for cell in self.cells}
        return next(status for status in ("fail", "error", "pass", "unchecked", "skip") if status in statuses)

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``results`` of the ``matrix`` report."""
        scenario = self.scenario
        return {
            **scenario.heading(),
            "status": self.status,
            "cells": [
                {
                    "label": label(cell),
                    "status": cell.status,
                    "reason": cell.reason,
                    "mismatches": [mismatch.to_json() for mismatch in cell.mismatches],
                }
                for cell in self.cells
            ],
            "eras": [
                {
                    "first": era.first,
                    "last": era.last,
                    "label": era.label,
                    "class": era.class_name,
                    "differences": [difference.to_json() for difference in era.differences],
                    "outcome": outcome.to_json() if outcome else None,
                }
                for era, outcome in ((era, self.cells[era.first].execution.outcome) for era in self.eras)
            ],
        }


def default_kernels() -> list[str]:
    """Return every release and candidate at which the model can change, from its oldest kernel to its newest."""
    from mremapcheck.executors.model.stops import stops

    return [str(version) for version in stops() if not version.stable]


def rows(executors: Sequence[Executor], scenarios: Sequence[Scenario]) -> Iterator[Row]:
    """Run the scenarios on every kernel, all of which have been entered, and yield each row."""
    for scenario, executions in zip(scenarios, lockstep(executors, scenarios), strict=True):
        yield row(scenario, judged(scenario, executors, executions))


def judged(scenario: Scenario, executors: Sequence[Executor], executions: Iterable[Execution]) -> list[Result]:
    """Judge a scenario on every kernel. Neighbours that behave alike have one outcome together."""
    pairs = zip(executors, shared(executions), strict=True)
    return [judge(scenario, execution, executor.kernel.version) for executor, execution in pairs]


def row(scenario: Scenario, cells: Sequence[Result]) -> Row:
    """Fold neighbours with equal outcomes into eras.

    Two eras that begin with the same errno and verdict are told apart by the class of their difference in brackets.
    """
    return Row(scenario, tuple(cells), tuple(_eras(scenario, cells)))


def label(cell: Result) -> str:
    """Name what a cell saw: ``moved``, ``EFAULT partial``; of the last move where there are several."""
    return cell.execution.outcome.label if cell.execution.outcome else cell.status


def _eras(scenario: Scenario, cells: Sequence[Result]) -> Iterator[Era]:
    era = Era(0, 0, label(cells[0]))
    for index, (cell, next_cell) in enumerate(pairwise(cells)):
        one, two = cell.execution.outcome, next_cell.execution.outcome
        found = differences(scenario, one, two) if one is not None and two is not None else ()
        same = label(cell) == label(next_cell)
        if found or not same or (one is None) != (two is None):
            yield replace(era, last=index)
            text = f"{label(next_cell)} ({found[0].class_name})" if same and found else label(next_cell)
            era = Era(index + 1, index + 1, text, found, same)
    yield replace(era, last=len(cells) - 1)


def span(era: Era, kernels: Sequence[Kernel]) -> str:
    """Name an era's kernels: ``<=6.16``, ``6.17-rc1 .. 6.17-rc2``, ``>=6.17`` or, where all are alike, ``all``.

    The comparisons are used only where every column is a plain version and they ascend; else the columns are named.
    """
    names = [kernel.reference for kernel in kernels]
    count = len(names)
    if era.first == 0 and era.last == count - 1:
        return "all"
    if era.first == era.last and 0 < era.first < count - 1:
        return names[era.first]
    versions = [kernel.version for kernel in kernels]
    plain = all(kernel.executor == "model" and kernel.reference == str(kernel.version) for kernel in kernels)
    if plain and versions == sorted(versions):
        if era.first == 0:
            return f"<={names[era.last]}"
        if era.last == count - 1:
            return f">={names[era.first]}"
    return named(range(era.first, era.last + 1), kernels)


def named(columns: Collection[int], kernels: Sequence[Kernel]) -> str:
    """Name columns of a row: ``6.12 .. 6.17, 6.12@arm64``. A range is of neighbours whose versions ascend.

    Neighbours are those with no other column of their executor and platform between them.
    """
    row: dict[tuple[str, str], list[int]] = {}
    for index, kernel in enumerate(kernels):
        row.setdefault((kernel.executor, kernel.platform.name), []).append(index)
    ranges: list[list[int]] = []
    for alike in row.values():
        before = None
        for index in alike:
            if index not in columns:
                before = None
            elif before is not None and kernels[before].version < kernels[index].version:
                ranges[-1].append(before := index)
            else:
                ranges.append([before := index])
    texts = [kernels[each[0]].reference + (f" .. {kernels[each[-1]].reference}" if each[1:] else "") for each in ranges]
    return ", ".join(texts)
