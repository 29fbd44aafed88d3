"""What became of the destination of a call that fails."""

from __future__ import annotations

from tests.model.facts.fact import RO, SEALED, Fact, same
from tests.model.helpers import FD, D, F, M, move, scene

FACTS: dict[str, Fact] = {
    "S21 crosses, grows": Fact(
        scene(move("src", 4, 5, F, "dst"), src="AABB", dst="XXXXXXXX", vmas={"B": RO}),
        {"5.10": "EFAULT damaged src=AABB dst=.....XXX", "6.17": "EFAULT refused src=AABB dst=XXXXXXXX"},
    ),
    "S22 trailing gap": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AA", dst="XXXXXXXX"),
        {"5.10": "EFAULT damaged src=AA dst=....XXXX", "6.17": "dst moved src=.. dst=AAXXXXXX"},
    ),
    "S23 X1 shrink, kept part crosses": Fact(
        scene(move("src", 4, 3, F, "dst"), src="AABB", dst="XXXXXXXX", vmas={"B": RO}),
        {"5.10": "EFAULT damaged src=AAB. dst=...XXXXX", "6.17": "EFAULT refused src=AABB dst=XXXXXXXX"},
    ),
    "S24 source in its destination": Fact(
        scene(move("src", 0, 4, F, "src"), src="AAAA", vmas={"A": {"kind": "memfd"}}), same("EFAULT damaged src=....")
    ),
    "S25 mmap_min_addr": Fact(scene(move("src", 1, 1, F, "0x1000"), src="A"), same("EPERM refused src=A")),
    "M23 hint below mmap_min_addr": Fact(scene(move("src", 1, 1, D, "0x1000"), src="A"), same("EPERM refused src=A")),
    "S26 room that the destination gives": Fact(
        scene(move("src", 2, 6, F, "dst"), src="AA", dst="XXXXXXXX", process={"rlimits": {"as": "+0p"}}),
        {"5.10": "dst moved src=.. dst=AA____XX", "6.17": "ENOMEM refused src=AA dst=XXXXXXXX"},
    ),
    "S27 X3b no room for both": Fact(
        scene(move("src", 4, 4, FD, "dst"), src="AAAA", dst="XX..", process={"rlimits": {"as": "+0p"}}),
        same("ENOMEM damaged src=AAAA dst=...."),
    ),
    "S28 part of the vdso": Fact(
        scene(move("src", 1, 1, F, "dst"), src="AA", dst="X", vmas={"A": {"kind": "vdso"}}),
        same("EINVAL damaged src=__ dst=."),
    ),
    "the vdso shrinks on its way (5.10.262)": Fact(
        scene(move("src", 2, 1, F, "dst"), src="AA", dst=".", vmas={"A": {"kind": "vdso"}}),
        {"5.10": "EINVAL damaged src=_. dst=.", "6.1": "EINVAL refused src=__ dst=."},
    ),
    "S29 io_uring ring": Fact(
        scene(move("src", 1, 1, F, "dst"), src="A", dst="XX", vmas={"A": {"kind": "io-uring"}}),
        {"5.10": "dst moved src=. dst=_X", "6.1": "EINVAL damaged src=_ dst=.X"},
    ),
    "S30 sealed in the destination": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="XY", vmas={"Y": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src=AA dst=XY"},
    ),
    "S30 destination starts within": Fact(
        scene(move("src", 2, 2, F, "dst+1p"), src="AA", dst="XXY", vmas={"Y": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src[0+2] dst[0+1 1+1 2+1]"},
        "moves layout",
    ),
    "S32 X3 private duplicate": Fact(
        scene(move("src", 0, 1, F, "dst"), src="A", dst="X"),
        {"5.10": "EINVAL damaged src=A dst=.", "6.17": "EINVAL refused src=A dst=X"},
    ),
    "S33 vvar DONTUNMAP": Fact(
        scene(move("src", 1, 1, FD, "dst"), src="A", dst="X", vmas={"A": {"kind": "vvar"}}),
        {"5.10": "EINVAL damaged src=_ dst=.", "6.17": "EINVAL refused src=_ dst=X"},
    ),
    "S69 vvar grows": Fact(
        scene(move("src", 1, 2, M), src="A", vmas={"A": {"kind": "vvar"}}), same("EFAULT refused src=_")
    ),
    "whole vdso": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..", vmas={"A": {"kind": "vdso"}}),
        same("dst moved src=.. dst=__"),
    ),
    "X4 source unmapped": Fact(
        scene(move("src", 1, 1, F, "dst"), src=".", dst="X"),
        {"5.10": "EFAULT damaged src=. dst=.", "6.1": "EFAULT refused src=. dst=X"},
    ),
    "X3c sealed tail": Fact(
        scene(move("src", 3, 2, F, "dst"), src="AAB", dst="XX", vmas={"B": SEALED}),
        {"5.10": None, "6.12": "EPERM damaged src=AAB dst=.."},
    ),
    "X3 memlock": Fact(
        scene(
            move("src", 1, 2, F, "dst"),
            src="A",
            dst="XX",
            vmas={"A": {"lock": True}},
            process={"rlimits": {"memlock": "+0p"}},
        ),
        {"5.10": "EAGAIN damaged src=A dst=..", "6.17": "EAGAIN refused src=A dst=XX"},
    ),
    "X3 aio": Fact(
        scene(move("src", 2, 3, F, "dst"), src="AA", dst="XXX", vmas={"A": {"kind": "aio"}}),
        {"5.10": "EFAULT damaged src=__ dst=...", "6.17": "EFAULT refused src=__ dst=XXX"},
    ),
}
