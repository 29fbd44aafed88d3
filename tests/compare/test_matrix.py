"""Rows of kernels."""

from __future__ import annotations

from contextlib import ExitStack

from mremapcheck.compare.matrix import rows
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.scenario.parse import parse_document


def test_neighbours_that_behave_alike_have_one_outcome_together() -> None:
    """That of a gigabyte takes a megabyte, and there are a hundred models."""
    scenario = parse_document(
        {
            "map": {"src": "A.A", "dst": "XXX"},
            "moves": [{"old_address": "src", "old_size": "3p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
        }
    )
    with ExitStack() as stack:
        models = [stack.enter_context(ModelExecutor(resolve(kernel))) for kernel in ("6.12", "6.16", "6.17", "7.0")]
        (row,) = rows(models, [scenario])
    outcomes = [cell.execution.outcome for cell in row.cells]
    assert outcomes[0] is outcomes[1] and outcomes[2] is outcomes[3]
    assert outcomes[1] != outcomes[2]
    assert [(era.first, era.last) for era in row.eras] == [(0, 1), (2, 3)]
