"""DONTUNMAP, locks, accounting, merging, userfaultfd."""

from __future__ import annotations

from tests.model.facts.fact import RAW, UFFD, Fact, same
from tests.model.helpers import FD, F, do, move, scene

FACTS: dict[str, Fact] = {
    "S72 X19 shared file": Fact(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst="..", vmas={"A": {"kind": "memfd"}}),
        {"5.10": "EINVAL refused src=AA dst=..", "6.1": "dst moved src=AA dst=AA"},
    ),
    "S72 private file": Fact(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst="..", vmas={"A": {"kind": "file", "sharing": "private"}}),
        {"5.10": "EINVAL refused src=AA dst=..", "6.1": "dst moved src=__ dst=AA"},
    ),
    "S73 DONTUNMAP empties": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst="."),
        same("dst moved src=_ dst=A src:- dst:#"),
        "moves regions present",
    ),
    "S74 DONTUNMAP next to itself": Fact(
        scene(move("src", 2, 2, FD, "src+2p"), src="AA..", vmas={"A": RAW}),
        {"5.10": "src+2p moved src[0+4]", "7.2": "src+2p moved src[0+2 2+2]"},
        "moves layout",
    ),
    "S75 part of a locked mapping": Fact(
        scene(move("src+1p", 1, 1, FD, "dst"), src="AAAA", dst=".", vmas={"A": {"lock": True}}),
        {
            "5.10": "src[0+4] dst[0+1] locked 4 total 5",
            "6.16": "src[0+4] dst[0+1] locked 5 total 5",
            "7.2": "src[0+1 1+1 2+2] dst[0+1] locked 4 total 5",
        },
        "layout counters",
    ),
    "S76 VM_ACCOUNT": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst="."),
        {
            "5.10": "src+0:accounted dst+0:accounted",
            "6.16": "src+0: dst+0:accounted",
            "6.17": "src+0:accounted dst+0:accounted",
        },
        "flags",
    ),
    "middle of a mapping accounts the next": Fact(
        scene(move("src+1p", 1, 1, FD, "dst"), src="AAAF", dst=".", vmas={"F": {"kind": "memfd"}}),
        {
            "5.10": "src+0:accounted src+3:accounted dst+0:accounted",
            "6.1": "src+0:accounted src+3: dst+0:accounted",
            "6.16": "src+0: src+3: dst+0:accounted",
            "6.17": "src+0:accounted src+3: dst+0:accounted",
        },
        "flags",
    ),
    "S77 page offset of the source": Fact(
        scene(
            move("src", 2, 2, F, "dst"),
            move("dst", 2, 2, FD, "far"),
            do("mmap", "dst+2p", 2, letter="B"),
            move("src", 1, 1, 0),
            src="AA",
            dst="....",
            far="..",
        ),
        {"5.10": "dst[0+2 2+2] far[0+2]", "7.2": "dst[0+4] far[0+2]"},
        "layout",
    ),
    "S78 faulted next to fresh": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..BB", vmas={"B": RAW}), same("dst[0+2 2+2]"), "layout"
    ),
    "S79 unfaulted next to fresh": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..BB", vmas={"A": RAW, "B": RAW}), same("dst[0+4]"), "layout"
    ),
    "S79 unfaulted next to faulted": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..BB", vmas={"A": RAW}), same("dst[0+4]"), "layout"
    ),
    "S80 X31 faulted back next to fresh": Fact(
        scene(
            move("src+2p", 3, 3, F, "dst"),
            do("munmap", "src", 2),
            do("mmap", "src", 2, letter="B"),
            move("dst", 3, 3, F, "src+2p"),
            src="AAAAA",
            dst="...",
        ),
        {"5.10": "src[0+2 2+3]", "6.16": "src[0+5]"},
        "layout",
    ),
    "S81 X32 in a forked child": Fact(
        scene(
            move("src+2p", 3, 3, F, "dst"),
            do("munmap", "src", 2),
            do("mmap", "src", 2, letter="B"),
            move("dst", 3, 3, F, "src+2p"),
            src="AAAAA",
            dst="...",
            process={"fork": True},
        ),
        {"5.10": "src[0+2 2+3]", "6.16": "src[0+5]", "6.18": "src[0+2 2+3]"},
        "layout",
    ),
    "S82 private file": Fact(
        scene(
            move("dst", 5, 5, F, "src+5p"),
            src="AAAAA.....",
            dst="BBBBB",
            vmas={
                "A": {"kind": "memfd", "sharing": "private", "file": "f", "touch": False},
                "B": {"kind": "memfd", "sharing": "private", "file": "f", "offset": "5p"},
            },
        ),
        {"5.10": "src[0+5 5+5]", "6.16": "src[0+10]", "7.3": "src[0+5 5+5]"},
        "layout",
    ),
    "S83 uffd next to its own": Fact(
        scene(
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".B",
            vmas={"A": {"uffd": "missing", "touch": False}, "B": {"uffd": "missing", "touch": False}},
        ),
        {
            "5.10": "dst[0+2] dst+0:accounted",
            "7.3": "dst[0+1 1+1] dst+0:accounted dst+1:accounted,uffd-missing",
        },
        "layout flags",
    ),
    "S84 events": Fact(
        scene(
            move("src", 4, 2, F, "dst"),
            src="AAAA",
            dst="XX",
            vmas={"A": {"uffd": "missing+events"}, "X": {"uffd": "missing+events"}},
        ),
        {
            "5.10": "unmap dst dst+2p remap src dst 4p unmap src+2p src+4p unmap src src+2p",
            "6.16": "unmap dst dst+2p remap src dst 2p unmap src+2p src+4p unmap src src+2p",
        },
        "events",
    ),
    "S86 armed without events": Fact(
        scene(move("src", 1, 1, F, "dst"), src="A", dst=".", vmas={"A": UFFD}), same("dst+0:accounted"), "flags"
    ),
    "DONTUNMAP keeps the registration": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst=".", vmas={"A": UFFD}),
        {
            "5.10": "src+0:accounted,uffd-missing dst+0:accounted",
            "6.16": "src+0:uffd-missing dst+0:accounted",
            "6.17": "src+0:accounted,uffd-missing dst+0:accounted",
        },
        "flags",
    ),
}
