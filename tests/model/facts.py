"""What was measured on real kernels, call by call: the expected outcome from each kernel on that changed it.

Facts are those of the history's fact sheet (S01 ...) and of a survey of callers (X1 ..., mg.., ks..), measured on
5.10.218, 6.1.176, 6.12.107, 6.16.12, 6.17.13, 6.18.12, 7.0.13, 7.1.13, 7.2.12 and 7.3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mremapcheck.scenario.document import Scenario
from tests.model.drawn import FD, D, F, M, do, move, scene

MEASURED = ("5.10.218", "6.1.176", "6.12.107", "6.16.12", "6.17.13", "6.18.12", "7.0.13", "7.1.13", "7.2.12", "7.3.4")


@dataclass(frozen=True)
class Fact:
    """``expected`` maps the first measured kernel of an era to what is seen from there on; None: not measured."""

    scenario: Scenario
    expected: dict[str, str | None]
    show: str = "moves regions"


def same(expected: str) -> dict[str, str | None]:
    return {"5.10": expected}


SHM: dict[str, Any] = {"kind": "sysv-shm"}
ZERO: dict[str, Any] = {"kind": "dev-zero"}
RO: dict[str, Any] = {"prot": "r"}
RAW: dict[str, Any] = {"touch": False}
SEALED: dict[str, Any] = {"seal": True, "prot": "r"}
UFFD: dict[str, Any] = {"uffd": "missing"}
HUGE = {"align": "2M"}

FACTS: dict[str, Fact] = {
    # Parameters and their precedence.
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
        {"5.10": "EINVAL refused src[0+1024]", "6.1": "src resized src[0+1024]"},
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
    # What became of the destination.
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
    # Several mappings.
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
    # Growth, shrink, duplicates.
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
    # DONTUNMAP, mlock, merging.
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
    # The map count.
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
        {"5.10": None, "6.12": "EAGAIN refused src=A"},
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
