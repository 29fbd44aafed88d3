"""The quick decorator and the standard one must not be told apart by anything but the clock, and assignment.

Nothing guards the fields of a frozen instance at run time: that is left to type checkers, which know it for frozen.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mremapcheck.base.dataclass as quick


def build(decorator: Callable[..., Any]) -> dict[str, Any]:
    @decorator(frozen=True, slots=True)
    class Frozen:
        x: int
        y: str = "y"
        z: list[int] = field(default_factory=list)
        hidden: int = field(default=0, compare=False)

    @decorator(slots=True)
    class Open:
        x: int
        y: str = field(default="y", repr=False)
        n: int = field(init=False, default=7)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError(self.x)

    @decorator(frozen=True, slots=True, order=True)
    class Base:
        x: int

    @decorator(frozen=True, slots=True, order=True)
    class Derived(Base):
        y: int

        def __repr__(self) -> str:
            return "mine"

    @decorator(slots=True, kw_only=True)
    class Named:
        x: int = 1
        y: int

    @decorator(frozen=True, slots=True)
    class Empty:
        pass

    @decorator
    class Plain:
        x: int = 3

    return {cls.__name__: cls for cls in (Frozen, Open, Base, Derived, Named, Empty, Plain)}


STANDARD, QUICK = build(dataclasses.dataclass), build(quick.dataclass)

CALLS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("defaults", lambda c: repr(c["Frozen"](1))),
    ("all positional", lambda c: repr(c["Frozen"](1, "a", [2], 3))),
    ("keywords", lambda c: repr(c["Frozen"](y="b", x=2))),
    ("missing", lambda c: c["Frozen"]()),
    ("too many", lambda c: c["Frozen"](1, 2, 3, 4, 5)),
    ("unknown keyword", lambda c: c["Frozen"](1, q=2)),
    ("own default each", lambda c: c["Frozen"](1).z is c["Frozen"](1).z),
    ("equal", lambda c: c["Frozen"](1) == c["Frozen"](1, hidden=9)),
    ("unequal", lambda c: c["Frozen"](1) == c["Frozen"](2)),
    ("another class", lambda c: c["Base"](1) == c["Derived"](1, 1)),
    ("unhashable value", lambda c: hash(c["Frozen"](1))),
    ("hash", lambda c: hash(c["Derived"](1, 2)) == hash(c["Derived"](1, 2))),
    ("no hash", lambda c: hash(c["Open"](1))),
    ("new attribute", lambda c: setattr(c["Open"](1), "other", 2)),
    ("set an open one", lambda c: setattr(c["Open"](1), "x", 2)),
    ("init false", lambda c: (c["Open"](1).n, repr(c["Open"](1)))),
    ("post init", lambda c: c["Open"](-1)),
    ("order", lambda c: (c["Derived"](1, 2) < c["Derived"](1, 3), c["Derived"](2, 0) >= c["Derived"](1, 9))),
    ("order of others", lambda c: c["Base"](1) < c["Derived"](1, 1)),
    ("no order", lambda c: c["Frozen"](1) < c["Frozen"](2)),
    ("own repr", lambda c: repr(c["Derived"](1, 2))),
    ("keyword only", lambda c: repr(c["Named"](y=2))),
    ("keyword only by position", lambda c: c["Named"](1, 2)),
    ("empty", lambda c: (repr(c["Empty"]()), c["Empty"]() == c["Empty"](), hash(c["Empty"]()))),
    ("plain", lambda c: (repr(c["Plain"]()), vars(c["Plain"](4)))),
    ("replace", lambda c: repr(dataclasses.replace(c["Frozen"](1), y="new"))),
    ("fields", lambda c: [f.name for f in dataclasses.fields(c["Derived"])]),
    ("asdict", lambda c: dataclasses.asdict(c["Frozen"](1, "q", [4]))),
    ("slots", lambda c: hasattr(c["Frozen"](1), "__dict__")),
    ("match", lambda c: c["Frozen"].__match_args__),
    ("copy", lambda c: repr(copy.deepcopy(c["Frozen"](1, "q", [4])))),
]


def outcome(call: Callable[[dict[str, Any]], Any], classes: dict[str, Any]) -> Any:
    try:
        return call(classes)
    except Exception as error:
        return type(error).__name__ if isinstance(error, TypeError) else (type(error).__name__, str(error))


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_it_does_what_the_standard_one_does(name: str, call: Callable[[dict[str, Any]], Any]) -> None:
    for _ in range(2):  # the first instance compiles __init__
        expected = outcome(call, STANDARD)
        seen = outcome(call, QUICK)
        assert seen == expected


@quick.dataclass(frozen=True, slots=True)
class Pickled:
    x: Any
    y: Any = 2


@given(st.integers(), st.text())
def test_instances_can_be_sent_to_another_process(x: int, y: str) -> None:
    made = Pickled(x, y)
    assert pickle.loads(pickle.dumps(made)) == made
