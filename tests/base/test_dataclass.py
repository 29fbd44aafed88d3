"""What is left of ``frozen`` at run time: instances can be hashed, and type checkers see to the rest."""

from __future__ import annotations

from dataclasses import field

import pytest

from mremapcheck.base.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Frozen:
    x: int
    y: list[int] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class OwnHash:
    x: int

    def __hash__(self) -> int:
        return 7


@dataclass(frozen=True, eq=False)
class Itself:
    x: int


@dataclass
class Open:
    x: int


def test_frozen_instances_are_hashed_by_what_is_compared() -> None:
    assert hash(Frozen(1, [2])) == hash(Frozen(1, [3]))
    assert len({Frozen(1), Frozen(1), Frozen(2)}) == 2


def test_a_hash_of_its_own_stays() -> None:
    assert hash(OwnHash(1)) == 7


def test_what_is_not_compared_is_hashed_by_identity() -> None:
    one = Itself(1)
    assert {one, Itself(1)} > {one}


def test_open_instances_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Open(1))
