"""Expectations that overlap, as eras that do not."""

from __future__ import annotations

import pytest

from mremapcheck.convert.export.eras import eras
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.words import Fact

A, B, C = Fact("regions.src", "A"), Fact("regions.dst", "B"), Fact("counters.locked", "1p")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], []),
        ([("*", A)], [("*", A)]),
        ([("*", A), ("*", B)], [("*", A, B)]),
        ([("<6.17-rc1", A), (">=6.17-rc1", B)], [("<6.17-rc1", A), (">=6.17-rc1", B)]),
        (
            [("*", A), ("<6.17-rc1", B), (">=6.17-rc3", C)],
            [("<6.17-rc1", A, B), (">=6.17-rc1, <6.17-rc3", A), (">=6.17-rc3", A, C)],
        ),
        ([("<6.1", A), (">=6.12", B)], [("<6.1", A), (">=6.12", B)]),
        ([("<=6.16", A), (">6.16", B)], [("<=6.16", A), (">6.16", B)]),
        ([("6.17", A)], [(">=6.17, <=6.17", A)]),
        ([("*", A), ("==6.17.0", B)], [("<6.17.0", A), (">=6.17.0, <=6.17.0", A, B), (">6.17.0", A)]),
        ([("!=6.17", A), ("*", B)], [("<6.17", A, B), (">=6.17, <=6.17", B), (">6.17", A, B)]),
    ],
)
def test_eras(wanted: list[tuple[str | Fact, ...]], found: list[tuple[str | Fact, ...]]) -> None:
    def entries(rows: list[tuple[str | Fact, ...]]) -> list[tuple[str, frozenset[Fact]]]:
        return [(str(kernel), frozenset(fact for fact in facts if isinstance(fact, Fact))) for kernel, *facts in rows]

    seen = eras([ExpectedFacts(kernel, tuple(facts)) for kernel, facts in entries(wanted)])
    assert [(era.kernel, frozenset(era.facts)) for era in seen] == entries(found)
