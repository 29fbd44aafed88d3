"""Free map slots, leaks, kinds of memory."""

from __future__ import annotations

from tests.model.facts.fact import RO, Fact, same
from tests.model.helpers import FD, F, M, do, move, scene

FACTS: dict[str, Fact] = {
    "S87 headroom 6": Fact(
        scene(move("src", 1, 1, F, "dst"), src="A", dst=".", process={"map_headroom": 6}), same("dst moved src=. dst=A")
    ),
    "S87 X29 headroom 5": Fact(
        scene(move("src", 1, 1, F, "dst"), src="A", dst="X", process={"map_headroom": 5}),
        {"5.10": "ENOMEM refused src=A dst=X", "7.1": "dst moved src=. dst=A"},
    ),
    "S87 headroom 3": Fact(
        scene(move("src", 1, 1, F, "dst"), src="A", dst="X", process={"map_headroom": 3}),
        same("ENOMEM refused src=A dst=X"),
    ),
    "S88 headroom 4, growth by moving": Fact(
        scene(move("src", 1, 2, M), src="AB", vmas={"B": RO}, process={"map_headroom": 4}),
        same("elsewhere moved src=.B"),
    ),
    "S88 headroom 3, growth by moving": Fact(
        scene(move("src", 1, 2, M), src="AB", vmas={"B": RO}, process={"map_headroom": 3}),
        same("ENOMEM refused src=AB"),
    ),
    "S89 headroom 3, shrink": Fact(
        scene(move("src", 2, 1), src="AA", process={"map_headroom": 3}),
        {"5.10": "src resized src=A.", "7.1": "ENOMEM refused src=AA"},
    ),
    "S89 X28 headroom 3, unmapped": Fact(
        scene(move("src", 1, 2), src=".", process={"map_headroom": 3}),
        {"5.10": "EFAULT refused src=.", "7.1": "ENOMEM refused src=."},
    ),
    "S90 headroom 0, hole": Fact(
        scene(move("src", 2, 1), src="AAA", process={"map_headroom": 0}), same("ENOMEM refused src=AAA")
    ),
    "S91 headroom 4, DONTUNMAP": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst=".", process={"map_headroom": 4}),
        {"5.10": "ENOMEM refused src=A dst=.", "7.1": "dst moved src=_ dst=A", "7.2": "ENOMEM refused src=A dst=."},
    ),
    "S99 locks leak": Fact(
        scene(
            move("src", 4, 4, FD, "dst"),
            do("munmap", "src", 4),
            do("munmap", "dst", 4),
            move("far", 1, 1),
            src="AAAA",
            dst="....",
            far="B",
            vmas={"A": {"lock": True}},
        ),
        {"5.10": "locked 0 total 1", "6.16": "locked 4 total 1", "7.2": "locked 0 total 1"},
        "counters",
    ),
    "X25 part, then all unmapped": Fact(
        scene(
            move("src", 2, 2, FD, "dst"),
            do("munmap", "src", 3),
            do("munmap", "dst", 2),
            move("far", 1, 1),
            src="AAA",
            dst="..",
            far="B",
            vmas={"A": {"lock": True}},
        ),
        {"5.10": "locked 1 total 1", "6.16": "locked 3 total 1", "7.2": "locked 0 total 1"},
        "counters",
    ),
    "X26 lock on fault, next to itself": Fact(
        scene(
            move("src", 1, 1, FD, "src+1p"),
            do("munmap", "src", 2),
            move("far", 1, 1),
            src="A.",
            far="B",
            vmas={"A": {"lock": "on-fault", "touch": False}},
        ),
        {"5.10": "locked 1 total 1", "6.16": "locked 2 total 1", "7.2": "locked 0 total 1"},
        "counters",
    ),
    "S100 guard pages": Fact(
        scene(move("src", 3, 3, F, "dst"), src="AAA", dst="...", vmas={"A": {"guard": [1]}}),
        {"5.10": None, "6.16": "dst moved src=... dst=A?A"},
    ),
    "S100 guard pages, DONTUNMAP": Fact(
        scene(move("src", 3, 3, FD, "dst"), src="AAA", dst="...", vmas={"A": {"guard": [1]}}),
        {"5.10": None, "6.16": "dst moved src=___ dst=A?A"},
    ),
    "S103 droppable": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst=".", vmas={"A": {"kind": "droppable"}}),
        {
            "5.10": None,
            "6.12": "src+0:dontdump,droppable,noreserve,wipeonfork dst+0:dontdump,droppable,noreserve,wipeonfork",
        },
        "flags",
    ),
    "S104 secret grows beyond RLIMIT_MEMLOCK": Fact(
        scene(
            move("src", 1, 2, M),
            src="A",
            vmas={"A": {"kind": "secret"}},
            process={"rlimits": {"memlock": "+0p"}},
        ),
        {"5.10": None, "6.12": "EAGAIN refused src=A", "7.2": "src resized src=A?"},
    ),
    "mlock is moved": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..", vmas={"A": {"lock": True}}),
        same("dst moved locked 2 total 2"),
        "moves counters",
    ),
    "partial destination": Fact(
        scene(move("src", 1, 1, F, "dst+2p"), src="A", dst="XXXXX"),
        same("dst+2p moved dst[0+2 2+1 3+2]"),
        "moves layout",
    ),
}
