"""Whether a change of Committed_AS is believed; the machine's own is everybody's, so none is measured here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from mremapcheck.executors.live.committed import Committed, steady


class Probe:
    def __init__(self, exact: bool = True) -> None:
        self.exact = exact

    def is_exact(self) -> bool:
        return self.exact


def observe(changes: list[list[int]], clean: bool = True, exact: bool = True) -> tuple[tuple[Any, ...], bool, int]:
    """Return what comes of runs whose moves change it so, and how many there were."""
    left: Iterator[list[int]] = iter(changes)
    made = 0

    def run() -> tuple[tuple[Any, ...], bool]:
        nonlocal made
        made += 1
        moves = [(0, 0, False, None, None, None, None, pages) for pages in next(left)]
        return (moves, *range(9)), clean

    observation, good = steady(cast("Committed", Probe(exact)), run)
    return observation, good, made


def test_three_runs_that_agree_are_believed() -> None:
    observation, good, made = observe([[2, 0]] * 3)
    assert ([move[-1] for move in observation[0]], good, made) == ([2, 0], True, 3)


def test_noise_is_waited_for() -> None:
    observation, _, made = observe([[2], [7], [2], [2], [2]])
    assert ([move[-1] for move in observation[0]], made) == ([2], 5)


@pytest.mark.parametrize(
    ("changes", "clean", "exact", "reason", "made"),
    [
        ([[pages // 2] for pages in range(20)], True, True, "other processes change Committed_AS", 12),
        ([[1]] * 3, False, True, "leaves something behind", 1),
        ([], True, False, "Linux 5.9 or later is needed", 0),
    ],
)
def test_what_cannot_be_believed_is_skipped(
    changes: list[list[int]], clean: bool, exact: bool, reason: str, made: int
) -> None:
    observation, good, runs = observe(changes, clean, exact)
    assert len(observation) == 5 and reason in observation[2]
    assert (good, runs) == (clean, made)


def test_trouble_is_told_at_once() -> None:
    trouble = (1, 22, "", -1, "")
    assert steady(cast("Committed", Probe()), lambda: (trouble, True)) == (trouble, True)
