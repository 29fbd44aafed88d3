"""Moves of several mappings."""

from __future__ import annotations

from tests.model.facts.fact import RAW, RO, SEALED, SHM, UFFD, ZERO, Fact, same
from tests.model.helpers import FD, D, F, do, move, scene

FACTS: dict[str, Fact] = {
    "S34 gaps": Fact(
        scene(
            move("src", 12, 12, F, "dst"),
            src="AA.BB..C....",
            dst="X{20}",
            vmas={"B": RO, "X": {"prot": "none", "touch": False}},
        ),
        {
            "5.10": "EFAULT src[0+2 3+2 7+1] dst[12+8]",
            "6.17": "dst dst[0+2 2+1 3+2 5+2 7+1 8+12]",
        },
        "result layout",
    ),
    "S35 X9 gap at the start": Fact(
        scene(move("src", 4, 4, F, "dst"), src=".AA.", dst="XXXX"),
        {"5.10": "EFAULT damaged src=.AA. dst=....", "6.1": "EFAULT refused src=.AA. dst=XXXX"},
    ),
    "S36 X10 DONTUNMAP of several": Fact(
        scene(move("src", 5, 5, FD, "dst"), src="AA.BB", dst=".....", vmas={"B": {"touch": True}}),
        {"5.10": "EFAULT refused src=AA.BB dst=.....", "6.17": "dst moved src=__.__ dst=AA.BB"},
    ),
    "S37 X11 without FIXED": Fact(
        scene(move("src", 4, 4, D, "dst"), src="AABB", dst="....", vmas={"B": RO}),
        same("EFAULT refused src=AABB dst=...."),
    ),
    "S38 second ineligible": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AABB", dst="....", vmas={"B": SHM}),
        {"5.10": "EFAULT refused src=AABB dst=....", "6.17": "EFAULT partial src=..BB dst=AA.."},
    ),
    "S39 first ineligible": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AABB", dst="....", vmas={"A": SHM}),
        same("EFAULT refused src=AABB dst=...."),
    ),
    "S40 ineligible, then a gap": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AA..", dst="....", vmas={"A": SHM}),
        same("EFAULT refused src=AA.. dst=...."),
    ),
    "S41 ineligible alone": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..", vmas={"A": SHM}), same("dst moved src=.. dst=AA")
    ),
    "S42 dev-zero first": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AABB", dst="....", vmas={"A": ZERO, "B": RO}),
        same("EFAULT refused src=AABB dst=...."),
    ),
    "S43 memfd first": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AABB", dst="....", vmas={"A": {"kind": "memfd"}}),
        {"5.10": "EFAULT refused src=AABB dst=....", "6.17": "dst moved src=.... dst=AABB"},
    ),
    "S44 ext4 first": Fact(
        scene(move("src", 4, 4, F, "dst"), src="AABB", dst="....", vmas={"A": {"kind": "file"}}),
        {"5.10": "EFAULT refused src=AABB dst=....", "6.17": "dst moved src=.... dst=AABB"},
    ),
    "S45 X13 uffd first": Fact(
        scene(move("src", 3, 3, F, "dst"), src="ABB", dst="XXX", vmas={"A": UFFD, "B": RO}),
        {"5.10": "EFAULT damaged src=ABB dst=...", "6.17": "EFAULT refused src=ABB dst=XXX"},
    ),
    "S46 uffd behind a gap": Fact(
        scene(move("src", 3, 3, F, "dst"), src="A.B", dst="...", vmas={"B": UFFD}),
        {"5.10": "EFAULT refused src=A.B dst=...", "6.17": "EFAULT partial src=..B dst=A.."},
    ),
    "X12b uffd in the middle, DONTUNMAP": Fact(
        scene(move("src", 3, 3, FD, "dst"), src="ABC", dst="...", vmas={"B": UFFD}),
        {"5.10": "EFAULT refused src=ABC dst=...", "6.17": "EFAULT partial src=_BC dst=A.."},
    ),
    "X14 uffd and a gap": Fact(
        scene(move("src", 3, 3, F, "dst"), src="A..", dst="...", vmas={"A": UFFD}),
        same("EFAULT refused src=A.. dst=..."),
    ),
    "S47 X15 sealed in the middle": Fact(
        scene(move("src", 5, 5, F, "dst"), src="AABBC", dst=".....", vmas={"B": SEALED}),
        {"5.10": None, "6.12": "EFAULT refused src=AABBC dst=.....", "6.17": "EPERM partial src=..BBC dst=AA..."},
    ),
    "S48 sealed first": Fact(
        scene(move("src", 2, 2, F, "dst"), src="AB", dst="XX", vmas={"A": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src=AB dst=XX"},
    ),
    "X16 sealed destination page": Fact(
        scene(move("src", 3, 3, F, "dst"), src="ABC", dst="XYZ", vmas={"B": RO, "Y": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src=ABC dst=XYZ", "6.17": "EPERM partial src=.BC dst=AYZ"},
    ),
    "S49 huge, incongruent": Fact(
        scene(
            move("src", f"{2 + 512}p", f"{2 + 512}p", F, "dst"),
            src={"pages": "AAB{512}", "align": "2M", "offset": f"{(2 << 20) - 8192}B"},
            dst={"pages": ".{600}", "align": "2M"},
            vmas={"B": {"kind": "hugetlb"}},
        ),
        {"5.10": "EFAULT src[0+2 2+512]", "6.17": "EINVAL src[2+512] dst[0+2]"},
        "result layout",
    ),
    "S49 huge, congruent": Fact(
        scene(
            move("src", 3, 3, F, "dst"),
            src={"pages": "AAB{512}", "align": "2M", "offset": f"{(2 << 20) - 8192}B"},
            dst={"pages": ".{600}", "align": "2M", "offset": f"{(2 << 20) - 8192}B"},
            vmas={"B": {"kind": "hugetlb"}},
        ),
        {"5.10": "EFAULT src[0+2 2+512]", "6.17": "dst dst[0+2 2+512]"},
        "result layout",
    ),
    "S51 aio in the middle, DONTUNMAP": Fact(
        scene(move("src", 4, 4, FD, "dst"), src="AABB", dst="....", vmas={"B": {"kind": "aio"}}),
        {"5.10": "EFAULT refused src=AA__ dst=....", "6.17": "EINVAL partial src=____ dst=AA.."},
    ),
    "S54 sealed below a gap": Fact(
        scene(move("src", 3, 3, F, "dst"), src="A.B", dst="XYX", vmas={"Y": SEALED}),
        {"5.10": None, "6.12": "EPERM refused src=A.B dst=XYX", "6.17": "dst moved src=... dst=AYB"},
    ),
    "next to its own second mapping": Fact(
        scene(move("src", 4, 4, F, "src+4p"), src="A.BB....", vmas={"A": RAW, "B": RAW}),
        {"5.10": "EFAULT src[0+1 2+2]", "6.17": "src+4p src[4+1 6+2]"},
        "result layout",
    ),
    "X21 half of it locked": Fact(
        scene(do("mlock", "src", 1), move("src", 2, 2, F, "dst"), src="AA", dst=".."),
        {"5.10": "EFAULT refused src=AA dst=..", "6.17": "dst moved src=.. dst=AA"},
    ),
    "mid of a mapping to mid of another": Fact(
        scene(move("src+1p", 4, 4, F, "dst"), src="AA.BBB", dst=".....", vmas={"B": RAW}),
        {"5.10": "EFAULT src[0+2 3+3]", "6.17": "src[0+1 5+1] dst[0+1 2+2]"},
        "layout_errno",
    ),
}
