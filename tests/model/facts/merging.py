"""The kernel's own merge tests (tools/testing/selftests/mm/merge.c) and what is like them."""

from __future__ import annotations

from typing import Any

from mremapcheck.scenario.document import Scenario
from tests.model.facts.fact import RAW, Fact, same
from tests.model.helpers import FD, F, do, move, scene

FACTS: dict[str, Fact] = {}


def _back_in_place(fork: bool, drawing: str, *before: dict[str, Any]) -> Scenario:
    """Move faulted pages 3 to 5 away, make neighbours with ``before``, and move them back with DONTUNMAP."""
    return scene(
        move("src+3p", 3, 3, F, "dst"),
        *before,
        move("dst", 3, 3, FD, "src+3p"),
        src=drawing,
        dst="...",
        process={"fork": True} if fork else None,
    )


def _merges(together: str, apart: str) -> dict[str, str | None]:
    return {"5.10": f"src[{apart}] dst[0+3]", "6.16": f"src[{together}] dst[0+3]"}


def _merges_unless_forked(together: str, apart: str) -> dict[str, str | None]:
    return _merges(together, apart) | {"6.18": f"src[{apart}] dst[0+3]"}


PREV, NEXT = do("mmap", "src", 3, letter="P"), do("mmap", "src+6p", 3, letter="N")

FACTS |= {
    f"mgd_{name}{'_fork' if fork else ''}": Fact(
        _back_in_place(fork, drawing, *before),
        _merges_unless_forked(together, apart) if fork else _merges(together, apart),
        "layout",
    )
    for fork in (False, True)
    for name, before, drawing, together, apart in (
        ("prev", (PREV,), "...AAA", "0+6", "0+3 3+3"),
        ("next", (NEXT,), "...AAA...", "3+6", "3+3 6+3"),
        ("both", (PREV, NEXT), "...AAA...", "0+9", "0+3 3+3 6+3"),
        ("pf_next", (PREV,), "...AAAAAA", "0+9", "0+3 3+6"),
    )
}
FACTS |= {
    "mg03 unfaulted between two that were moved": Fact(
        scene(
            move("one", 5, 5, F, "src"),
            move("two", 5, 5, F, "src+10p"),
            move("far", 5, 5, F, "src+5p"),
            src="." * 15,
            one="AAAAA",
            two="CCCCC",
            far="BBBBB",
            vmas={"B": RAW},
        ),
        same("src[0+5 5+5 10+5]"),
        "layout",
    ),
    "mg04 unfaulted between faulted and unfaulted": Fact(
        scene(move("far", 5, 5, F, "src+5p"), src="AAAAA.....CCCCC", far="BBBBB", vmas={"B": RAW, "C": RAW}),
        same("src[0+15]"),
        "layout",
    ),
    "mg05 unfaulted into the middle of a faulted one": Fact(
        scene(do("munmap", "src+5p", 5), move("far", 5, 5, F, "src+5p"), src="A" * 15, far="BBBBB", vmas={"B": RAW}),
        same("src[0+15]"),
        "layout",
    ),
    "mg06 the middle there and back": Fact(
        scene(move("src+5p", 5, 5, F, "far"), move("far", 5, 5, F, "src+5p"), src="A" * 15, far="....."),
        same("src[0+15]"),
        "layout",
    ),
    "faulted_both_no_merge": Fact(
        scene(
            do("munmap", "src+1p", 1),
            do("touch", "src", 1),
            do("touch", "src+2p", 1),
            do("mmap", "src+1p", 1, letter="B"),
            move("src", 3, 3, F, "dst"),
            src="AAA",
            dst="...",
            vmas={"A": RAW},
        ),
        {
            "5.10": "EFAULT src[0+2 2+1]",
            "6.1": "EFAULT src[0+1 1+2]",
            "6.12": "EFAULT src[0+2 2+1]",
            "6.17": "dst dst[0+2 2+1]",
        },
        "result layout",
    ),
    "mprotect there and back": Fact(
        scene(
            do("mprotect", "src", 2, prot="r"),
            do("mprotect", "src", 2, prot="rw"),
            move("src", 4, 4, F, "dst"),
            src="AAAA",
            dst="....",
        ),
        same("dst moved dst[0+4]"),
        "moves layout",
    ),
    "half unregistered again": Fact(
        scene(
            do("uffd-register", "src", 2, mode="missing"),
            do("uffd-unregister", "src", 2),
            move("src", 4, 4, F, "dst"),
            src="AAAA",
            dst="....",
        ),
        same("dst moved dst[0+4]"),
        "moves layout",
    ),
}
