"""Files that are cut short, and holes in them; measured on 5.10.262, 6.1.192, 6.12.118, 6.17.13 and 7.3.4."""

from __future__ import annotations

from tests.model.facts.fact import Fact, same
from tests.model.helpers import F, do, move, scene

RING = {"kind": "io-uring", "letter": "U"}


def cut(pages: int) -> dict[str, str]:
    return do("truncate", size=pages, letter="A")


FACTS: dict[str, Fact] = {
    "cut behind the move": Fact(
        scene(
            move("src", 3, 3, F, "dst"), cut(1), move("dst", 3, 3), src="AAA", dst="...", vmas={"A": {"kind": "memfd"}}
        ),
        same("dst unchanged src=... dst=A??"),
    ),
    "cut, with a copy": Fact(
        scene(
            *(do("touch", "src+1p", 1, letter="N"), cut(2), cut(1), cut(2), move("src", 3, 3, F, "dst")),
            src="AAA",
            dst="...",
            vmas={"A": {"kind": "tmpfs", "sharing": "private"}},
        ),
        same("dst moved src=... dst=A_?"),
    ),
    "no hole in a ring": Fact(
        scene(
            do("mmap", "src", 1, **RING),
            do("madvise", "src", 2, advice="remove", errno="ENODEV"),
            move("src+1p", 1, 1, F, "dst"),
            src=".A",
            dst=".",
            vmas={"A": {"kind": "memfd", "sharing": "private"}},
        ),
        same("dst moved src=_. dst=A"),
    ),
}
