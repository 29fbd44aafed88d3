"""Growth, shrinking, duplicates."""

from __future__ import annotations

from tests.model.facts.fact import RAW, RO, SEALED, SHM, Fact, same
from tests.model.helpers import F, M, do, move, scene

FACTS: dict[str, Fact] = {
    "S56 growth in the middle": Fact(scene(move("src+2p", 2, 3), src="AAAAAA"), same("ENOMEM refused src=AAAAAA")),
    "S56 moved": Fact(
        scene(move("src+2p", 2, 3, F, "dst"), src="AAAAAA", dst="..."), same("dst moved src=AA..AA dst=AA_")
    ),
    "S57 X30 growth meets the next": Fact(
        scene(do("munmap", "src+1p", 1), move("src", 1, 2), src="AAA", vmas={"A": RAW}),
        {"5.10": "src resized src[0+2 2+1]", "6.1": "src resized src[0+3]"},
        "moves layout",
    ),
    "S58 faulted apart": Fact(
        scene(
            do("munmap", "src+1p", 1),
            do("touch", "src", 1),
            do("touch", "src+2p", 1),
            move("src", 1, 2),
            src="AAA",
            vmas={"A": RAW},
        ),
        same("src resized src[0+2 2+1]"),
        "moves layout",
    ),
    "S59 faulted together": Fact(
        scene(do("munmap", "src+1p", 1), move("src", 1, 2), src="AAA"),
        {"5.10": "src resized src[0+2 2+1]", "6.1": "src resized src[0+3]"},
        "moves layout",
    ),
    "S60 growth from within": Fact(
        scene(do("munmap", "src+2p", 1), move("src+1p", 1, 2), src="AAAA"),
        {"5.10": "src+1p resized src[0+3 3+1]", "6.1": "src+1p resized src[0+4]"},
        "moves layout",
    ),
    "S61 SysV grows": Fact(
        scene(do("munmap", "src+1p", 1), move("src", 1, 2), src="AA", vmas={"A": SHM}), same("src resized src=AA")
    ),
    "S62 shrink over a gap": Fact(scene(move("src", 6, 1), src="AAA.BB"), same("src resized src=A.....")),
    "M5 kept part spans a gap": Fact(
        scene(move("src", 6, 4), src="AA.BBB", vmas={"B": RO}), same("src resized src=AA.B..")
    ),
    "M7 no-op over a hole": Fact(scene(move("src", 4, 4), src="A.BB"), same("src unchanged src=A.BB")),
    "S63 sealed in the tail": Fact(
        scene(move("src", 6, 1), src="AAABCC", vmas={"B": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src[0+1 1+2 3+1 4+2]"},
        "moves layout",
    ),
    "S64 duplicate in place": Fact(
        scene(move("src", 0, 2), src="AAAA", vmas={"A": {"kind": "memfd"}}), same("ENOMEM refused src=AAAA")
    ),
    "S64 duplicate": Fact(
        scene(move("src+1p", 0, 2, F, "dst"), src="AAAA", dst="..", vmas={"A": {"kind": "memfd"}}),
        same("dst duplicated src=AAAA dst=AA"),
    ),
    "S64 duplicate anywhere": Fact(
        scene(move("src+1p", 0, 2, M), src="AAAA", vmas={"A": {"kind": "memfd"}}), same("elsewhere duplicated src=AAAA")
    ),
    "S65 private duplicate": Fact(scene(move("src", 0, 1, M), src="A"), same("EINVAL refused src=A")),
    "S67 locked growth within the limit": Fact(
        scene(
            move("src", 2, 4),
            src="AA",
            vmas={"A": {"lock": True}},
            process={"rlimits": {"memlock": "4p"}},
        ),
        same("src resized src=AA__ locked 4 total 4"),
        "moves regions counters",
    ),
    "S67 locked growth beyond": Fact(
        scene(move("src", 2, 5, M), src="AA", vmas={"A": {"lock": True}}, process={"rlimits": {"memlock": "4p"}}),
        same("EAGAIN refused src=AA"),
    ),
    "S67 CAP_IPC_LOCK": Fact(
        scene(
            move("src", 2, 5, M),
            src="AA",
            vmas={"A": {"lock": True}},
            process={"rlimits": {"memlock": "4p"}, "keep": ["IPC_LOCK"]},
        ),
        same("src resized src=AA___"),
    ),
    "S68 RLIMIT_DATA, private": Fact(
        scene(move("src", 1, 2, M), src="A", process={"rlimits": {"data": "+0p"}}), same("ENOMEM refused src=A")
    ),
    "S68 RLIMIT_DATA, shared": Fact(
        scene(move("src", 1, 2, M), src="A", vmas={"A": {"kind": "anon-shared"}}, process={"rlimits": {"data": "+0p"}}),
        same("src resized src=A?"),
    ),
    "S70 move to grow": Fact(
        scene(move("src", 1, 2, M), src="AB", vmas={"B": RO}), same("elsewhere moved src=.B elsewhere=A_"), "moves all"
    ),
}
