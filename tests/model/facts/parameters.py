"""Parameters, and which of two errors comes first."""

from __future__ import annotations

from tests.model.facts.fact import HUGE, Fact, same
from tests.model.helpers import D, F, M, move, scene

FACTS: dict[str, Fact] = {
    "S01 flag 8": Fact(scene(move("src", 1, 1, 8), src="A"), same("EINVAL refused src=A")),
    "S02 DONTUNMAP alone": Fact(scene(move("src", 1, 1, "DONTUNMAP"), src="A"), same("EINVAL refused src=A")),
    "S03 unaligned": Fact(scene(move("src+1B", 1, 1, M), src="A"), same("EINVAL refused src=A")),
    "S04 no new size": Fact(scene(move("src", 1, 0, M), src="A"), same("EINVAL refused src=A")),
    "S04 wraps to 0": Fact(scene(move("src", 1, f"{2**64 - 1}B", M), src="A"), same("EINVAL refused src=A")),
    "S05 FIXED alone": Fact(
        scene(move("src", 1, 1, "FIXED", "dst"), src=".", dst="X"), same("EINVAL refused src=. dst=X")
    ),
    "S06 no-op unmapped": Fact(
        scene(move("src", 1, 1), src="."), {"5.10": "src unchanged src=.", "6.1": "EFAULT refused src=."}
    ),
    "S06 shrink unmapped": Fact(
        scene(move("src", 2, 1), src="..A"), {"5.10": "src resized src=..A", "6.1": "EFAULT refused src=..A"}
    ),
    "S07 unmapped, unaligned": Fact(
        scene(move("src", 1, 1, F, "dst+1B"), src=".", dst="."),
        {"5.10": "EINVAL", "6.1": "EFAULT", "6.16": "EINVAL"},
        "errno",
    ),
    "S08 unmapped, overlap": Fact(
        scene(move("src", 1, 1, F, "src"), src="."), {"5.10": "EINVAL", "6.1": "EFAULT", "6.17": "EINVAL"}, "errno"
    ),
    "S09 unmapped, beyond": Fact(
        scene(move("src", 1, 1, F, "0x7ffffffff000"), src="."),
        {"5.10": "EINVAL", "6.1": "EFAULT", "6.17": "EINVAL"},
        "errno",
    ),
    "S10 new_size 2^47": Fact(
        scene(move("src", 1, f"{2**47}B", M), src="A"), {"5.10": "ENOMEM", "6.17": "EINVAL"}, "errno"
    ),
    "S11 garbage unused": Fact(scene(move("src", 1, 2, M, "0xffffffffffff0001"), src="A"), same("src resized src=A_")),
    "S12 bytes differ": Fact(
        scene(move("src", "4095B", "4096B", D), src="A"),
        {"5.10": "EINVAL refused src=A", "6.17": "elsewhere moved src=_"},
    ),
    "S13 DONTUNMAP resizes": Fact(scene(move("src", 1, 2, D), src="AA"), same("EINVAL refused src=AA")),
    "S14 overlap": Fact(scene(move("src", 2, 2, F, "src+1p"), src="AAAA"), same("EINVAL refused src=AAAA")),
    "S14 adjacent": Fact(scene(move("src", 2, 2, F, "src+2p"), src="AA.."), same("src+2p moved src=..AA")),
    "S15 hint unaligned": Fact(
        scene(move("src", 1, 1, D, "dst+1B"), src="A", dst="."), same("EINVAL refused src=A dst=.")
    ),
    "S15 hint overlaps": Fact(scene(move("src", 2, 2, D, "src"), src="AA"), same("EINVAL refused src=AA")),
    "M28 hint taken": Fact(scene(move("src", 1, 1, D, "dst"), src="A", dst="."), same("dst moved src=_ dst=A")),
    "M28 hint busy": Fact(scene(move("src", 1, 1, D, "dst"), src="A", dst="X"), same("elsewhere moved src=_ dst=X")),
    "S16 huge, odd unused": Fact(
        scene(move("src", "2M", "2M", 0, "src+1p"), src={"pages": "A{512}", **HUGE}, vmas={"A": {"kind": "hugetlb"}}),
        {"5.10": "src unchanged", "6.1": "EINVAL refused"},
        "moves",
    ),
    "S17 huge growth": Fact(
        scene(
            move("src", "2M", f"{(2 << 20) + 1}B", M),
            src={"pages": "A{512}", **HUGE},
            vmas={"A": {"kind": "hugetlb"}},
        ),
        same("EINVAL refused"),
        "moves",
    ),
    "S17 huge shrink within": Fact(
        scene(
            move("src", "4M", f"{(2 << 20) + 1}B"), src={"pages": "A{1024}", **HUGE}, vmas={"A": {"kind": "hugetlb"}}
        ),
        {"5.10": "EINVAL refused src[0+1024]", "6.1": "src unchanged src[0+1024]"},
        "moves layout",
    ),
    "S17 huge shrink": Fact(
        scene(move("src", "4M", "2M"), src={"pages": "A{1024}", **HUGE}, vmas={"A": {"kind": "hugetlb"}}),
        same("src resized src[0+512]"),
        "moves layout",
    ),
    "S18 huge move": Fact(
        scene(
            move("src", 1, 1, F, "dst"),
            src={"pages": "A{512}", **HUGE},
            dst={"pages": "X", **HUGE},
            vmas={"A": {"kind": "hugetlb"}},
        ),
        {"5.10": "EINVAL damaged src[0+512]", "6.1": "dst moved dst[0+512]"},
        "moves layout",
    ),
    "S20 huge old size": Fact(scene(move("src", f"{2**48}B", 1), src="A"), same("EINVAL refused src=A")),
    "oldlen wrap": Fact(scene(move("src", f"{2**64 - 4095}B", 1, M), src="A"), same("EINVAL refused src=A")),
}
