"""For each change of the registry a small scenario, and what comes of it without and with the change."""

from __future__ import annotations

from dataclasses import dataclass

from mremapcheck.scenario.document import Scenario
from tests.model.helpers import FD, D, F, M, do, move, scene, starved


@dataclass(frozen=True)
class Case:
    """``without`` and ``with_`` as ``helpers.told`` says them; ``kernel``: not the first release with the change."""

    scenario: Scenario
    without: str
    with_: str
    show: str = "moves regions"
    kernel: str | None = None


WRITE_SEALED = scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "memfd", "prot": "r", "seals": "write"}})
UNSHARED = "skip: this kernel maps nothing shared of a memfd sealed against writing: Linux 6.7 or later is needed"

CASES: dict[str, Case] = {
    "dontunmap": Case(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst=".."),
        "EINVAL refused src=AA dst=..",
        "dst moved src=__ dst=AA",
    ),
    "uffd-wp": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"uffd": "wp"}}),
        "skip: this kernel's userfaultfd has no write-protection: Linux 5.7 or later is needed",
        "src unchanged src=A",
    ),
    "special-mappings-whole": Case(
        scene(do("munmap", "src", 1), move("src+1p", 1, 1), src="AA", vmas={"A": {"kind": "vdso"}}),
        "src+1p unchanged src=._",
        "error: munmap[0] (line 0): munmap failed: EINVAL",
    ),
    "split-checked-first": Case(
        scene(move("src", 1, 1, F, "dst"), src="AA", dst="X", vmas={"A": {"kind": "vvar"}}),
        "",  # the driver refuses after the copy: the same outcome
        "A at [src, src+2p) cannot be cut at src+1p: EINVAL",
        "check_may_split",
    ),
    "dontunmap-overcommit": Case(
        scene(move("src", 2, 2, D), src="AA"), "", "commits memory for 2 pages", "charge_copy_first"
    ),
    "dontunmap-any-mapping": Case(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst="XX", vmas={"A": {"kind": "memfd"}}),
        "EINVAL damaged src=AA dst=..",
        "dst moved src=AA dst=AA",
    ),
    "dontunmap-unlinks-anon-vma": Case(
        # the second source is moved next to memory that was never touched: it merges only if it is unfaulted, too
        scene(
            move("src", 2, 2, FD, "dst"),
            move("src", 2, 2, F, "far+2p"),
            src="AA",
            dst="..",
            far="BB..",
            vmas={"B": {"touch": False}},
        ),
        "dst[0+2] far[0+2 2+2]",
        "dst[0+2] far[0+4]",
        "layout",
    ),
    "madvise-populate": Case(
        scene(do("madvise", "src", 1, advice="populate-write"), move("src", 1, 1), src="A"),
        "skip: this kernel does not know madvise(populate-write): Linux 5.14 or later is needed",
        "src unchanged src=A",
    ),
    "lookup-first": Case(scene(move("src", 1, 1), src="."), "src unchanged src=.", "0xe unchanged src=."),
    "hugetlb-moves": Case(
        scene(
            move("src", "2M", "2M", F, "dst"),
            src={"pages": "A{512}", "align": "2M"},
            dst={"pages": ".{512}", "align": "2M"},
            vmas={"A": {"kind": "hugetlb"}},
        ),
        "EINVAL refused",
        "dst moved",
        "moves",
    ),
    "charge-at-move": Case(
        scene(move("src", 1, 2, F, "dst"), src="A", dst=".."), "", "commits memory for 1 pages", "charge_move"
    ),
    "anon-names": Case(
        scene(move("src", 2, 2, F, "dst"), src="AB", dst="..", vmas={"A": {"name": "one"}, "B": {"name": "two"}}),
        "skip: this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed",
        "EFAULT refused src=AB dst=..",
    ),
    "dontneed-locked": Case(
        scene(
            do("madvise", "src", 1, advice="dontneed-locked"), move("src", 1, 1), src="A", vmas={"A": {"lock": True}}
        ),
        "skip: this kernel does not know madvise(dontneed-locked): Linux 5.18 or later is needed",
        "src unchanged src=_",
    ),
    "lock-on-fault-without-access": Case(
        scene(
            do("mlock", "src", 1, lock="on-fault", errno="ENOMEM"),
            move("src", 1, 1),
            src="A",
            vmas={"A": {"prot": "none"}},
        ),
        "src unchanged src=A",
        "error: mlock[0] (line 0): mlock did not fail with ENOMEM",
    ),
    "efault-sign": Case(scene(move("src", 1, 1), src="."), "0xe unchanged src=.", "EFAULT refused src=."),
    "uffd-wp-shmem": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "memfd", "uffd": "wp"}}),
        "skip: this kernel's userfaultfd write-protects no shared memory: Linux 5.19 or later is needed",
        "src unchanged src=A",
    ),
    "maple-tree": Case(
        starved(scene(move("src", 1, 1, F, "dst"), src="A", dst="X"), 1),
        "ENOMEM damaged src=A dst=.",
        "ENOMEM refused src=A dst=X",
    ),
    "growth-merges": Case(
        scene(do("munmap", "src+1p", 1), move("src", 1, 2), src="AAA"),
        "src resized src[0+2 2+1]",
        "src resized src[0+3]",
        "moves layout",
    ),
    "mmap-merges-behind-first": Case(
        scene(
            do("munmap", "src+1p", 1),
            do("touch", "src", 1),
            do("touch", "src+2p", 1),
            do("mmap", "src+1p", 1, letter="B"),
            move("src", 1, 1),
            src="AAA",
            vmas={"A": {"touch": False}},
        ),
        "src[0+2 2+1]",
        "src[0+1 1+2]",
        "layout",
    ),
    "growth-offset": Case(
        scene(move("src+1p", 1, 2), src="AA."), "ENOMEM refused src=AA.", "src+1p resized src=AA_", kernel="6.2-rc1"
    ),
    "shared-anon-names": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "anon-shared", "name": "one"}}),
        "error: map.src[0] (line 0): name failed: EBADF",
        "src unchanged src=A",
    ),
    "growth-with-close": Case(
        scene(do("munmap", "src+1p", 1), move("src", 1, 2), src="AA", vmas={"A": {"kind": "sysv-shm"}}),
        "ENOMEM refused src=A.",
        "src resized src=AA",
    ),
    "merge-shifts-file": Case(
        scene(
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".B",
            vmas={
                "A": {"kind": "memfd", "file": "f", "touch": False},
                "B": {"kind": "memfd", "file": "f", "offset": "1p"},
            },
        ),
        "dst[0+2] dst+1=B0",
        "dst[0+2] dst+0=B0 dst+1=B0",
        "layout where",
    ),
    "merge-keeps-file": Case(
        scene(
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".B",
            vmas={
                "A": {"kind": "memfd", "file": "f", "touch": False},
                "B": {"kind": "memfd", "file": "f", "offset": "1p"},
            },
        ),
        "dst[0+2] dst+0=B0 dst+1=B0",
        "dst[0+2] dst+1=B0",
        "layout where",
    ),
    "merge-with-close": Case(
        scene(
            move("src+1p", 1, 1, F, "dst"),
            move("dst", 1, 1, F, "src+1p"),
            src="AA",
            dst=".",
            vmas={"A": {"kind": "sysv-shm"}},
        ),
        "src+1p moved src[0+1 1+1]",
        "src+1p moved src[0+2]",
        "moves layout",
    ),
    "attached-stays-apart": Case(
        scene(
            do("mprotect", "src+1p", 1, prot="r"),
            do("mprotect", "src+1p", 1, prot="rw"),
            move("src", 2, 2, F, "dst"),
            src="AA",
            dst="XX",
            vmas={"A": {"kind": "sysv-shm"}},
        ),
        "dst moved src=.. dst=AA dst[0+2]",
        "EFAULT damaged src=AA dst=.. src[0+1 1+1]",
        "moves regions layout",
    ),
    "io-uring-placement": Case(
        scene(move("src", 1, 1, F, "dst"), src="A", dst="X", vmas={"A": {"kind": "io-uring"}}),
        "dst moved src=. dst=_",
        "EINVAL damaged src=_ dst=.",
    ),
    "register-merges": Case(
        scene(
            do("uffd-register", "src+2p", 1, mode="missing"),
            do("uffd-register", "src+1p", 1, mode="missing"),
            move("src", 1, 1),
            src="AAA",
        ),
        "src[0+1 1+1 2+1]",
        "src[0+1 1+2]",
        "layout",
    ),
    "secret-by-default": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "secret"}}),
        "skip: memfd_secret is off: Linux 5.14 or later, up to 6.4 booted with secretmem.enable=1",
        "src unchanged src=A",
    ),
    "mprotect-unaccounts": Case(
        scene(do("mprotect", "src", 1, prot="r"), move("src", 1, 1), src="A", vmas={"A": {"touch": False}}),
        "src+0:accounted",
        "src+0:",
        "flags",
    ),
    "stack-without-huge-pages": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"stack": True}}),
        "src+0:accounted",
        "src+0:accounted,nohugepage",
        "flags",
    ),
    "mseal": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"seal": True}}),
        "skip: this kernel has no mseal: Linux 6.10 or later is needed",
        "EPERM refused src=A",
    ),
    "io-uring-pages": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "io-uring"}}),
        "src+0:dontdump,dontexpand,io,pfnmap",
        "src+0:dontexpand,mixedmap",
        "flags",
    ),
    "droppable-unlockable": Case(
        scene(
            do("mlockall"),
            do("mmap", "src", 1, letter="D", kind="droppable"),
            move("src", 1, 1),
            src=".",
        ),
        "src unchanged locked 1 total 1",
        "src unchanged locked 0 total 1",
        "moves counters",
    ),
    "aio-not-inherited": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "aio"}}),
        "src+0:dontexpand",
        "src+0:dontexpand,dontfork",
        "flags",
    ),
    "aio-moves-whole": Case(
        scene(move("src", 1, 1, "MAYMOVE|FIXED", "dst"), src="AA", dst=".", vmas={"A": {"kind": "aio"}}),
        "dst moved src=._ dst=_",
        "EINVAL refused src=__ dst=.",
    ),
    "vvar-of-pages": Case(
        scene(move("src", 4, 4), src="AAAA", vmas={"A": {"kind": "vvar"}}),
        "src+0:dontdump,dontexpand,io,pfnmap",
        "src+0:dontdump,dontexpand,io,mixedmap",
        "flags",
    ),
    "vvar-is-memory": Case(
        scene(move("src", 4, 4), src="AAAA", vmas={"A": {"kind": "vvar"}}),
        "src+0:dontdump,dontexpand,io,mixedmap",
        "src+0:dontdump,dontexpand,mixedmap",
        "flags",
    ),
    "secret-unlocked": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "secret"}}),
        "src+0:dontdump,locked",
        "src+0:dontdump",
        "flags",
    ),
    "droppable": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "droppable"}}),
        "skip: this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed",
        "src unchanged src=A",
    ),
    "mseal-per-mapping": Case(
        scene(move("src", 4, 1), src="AAAB", vmas={"B": {"seal": True, "prot": "r"}}),
        "EPERM refused src[0+3 3+1]",
        "EPERM refused src[0+1 1+2 3+1]",
        "moves layout",
    ),
    "mmap-merges-before-first": Case(
        scene(
            do("munmap", "src+1p", 1),
            do("touch", "src", 1),
            do("touch", "src+2p", 1),
            do("mmap", "src+1p", 1, letter="B"),
            move("src", 1, 1),
            src="AAA",
            vmas={"A": {"touch": False}},
        ),
        "src[0+1 1+2]",
        "src[0+2 2+1]",
        "layout",
    ),
    "guard-pages": Case(
        scene(move("src", 2, 2, F, "dst"), src="AA", dst="..", vmas={"A": {"guard": [1]}}),
        "skip: this kernel does not know madvise(guard-install): Linux 6.13 or later is needed",
        "dst moved src=.. dst=A?",
    ),
    "guard-pages-in-files": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "memfd", "guard": [0]}}),
        "skip: this kernel has guard pages in anonymous memory only: Linux 6.15 or later is needed",
        "src unchanged src=?",
    ),
    "parameters-first": Case(scene(move("src", 1, 1, F, "dst+1B"), src=".", dst="."), "EFAULT", "EINVAL", "errno"),
    "event-length": Case(
        scene(move("src", 2, 1, F, "dst"), src="AA", dst=".", vmas={"A": {"uffd": "missing+events"}}),
        "remap src dst 2p unmap src+1p src+2p unmap src src+1p",
        "remap src dst 1p unmap src+1p src+2p unmap src src+1p",
        "events",
    ),
    "dontunmap-unaccounts": Case(
        scene(move("src", 1, 1, FD, "dst"), src="AA", dst="."),
        "src+0:accounted dst+0:accounted",
        "src+0: dst+0:accounted",
        "flags",
    ),
    "dontunmap-locks-twice": Case(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst="..", vmas={"A": {"lock": True}}),
        "locked 2 total 4",
        "locked 4 total 4",
        "counters",
    ),
    "shrink-overcharges": Case(
        scene(move("src", 3, 1, F, "dst"), src="AAA", dst="."),
        "",
        "commits memory for 2 pages that were cut off",
        "overcharge_shrink",
    ),
    "faulted-merges-unfaulted": Case(
        scene(
            move("src+2p", 2, 2, F, "dst"),
            do("munmap", "src", 2),
            do("mmap", "src", 2, letter="C"),
            move("dst", 2, 2, F, "src+2p"),
            src="AAAA",
            dst="..",
        ),
        "src[0+2 2+2]",
        "src[0+4]",
        "layout",
    ),
    "anon-inodes-not-executable": Case(
        scene(do("mprotect", "src", 1, prot="rwx"), move("src", 1, 1), src="A", vmas={"A": {"kind": "io-uring"}}),
        "src unchanged src=_",
        "error: mprotect[0] (line 0): mprotect failed: EACCES",
    ),
    "size-limit": Case(scene(move("src", 1, f"{1 << 47}B", M), src="A"), "ENOMEM", "EINVAL", "errno", kernel="6.17"),
    "unused-address-checked": Case(
        scene(move("src", 1, 2, M, "0xffffffffffff0001"), src="A."),
        "src resized src=A_",
        "EINVAL refused src=A.",
        kernel="6.17-rc1",
    ),
    "range-checks-first": Case(scene(move("src", 1, 1, F, "src"), src="."), "EFAULT", "EINVAL", "errno"),
    "dontunmap-rounds": Case(
        scene(move("src", "4095B", "4096B", D), src="A"), "EINVAL refused src=A", "elsewhere moved src=_"
    ),
    "checks-before-unmapping": Case(
        scene(move("src", 2, 3, F, "dst"), src="AB", dst="XXX", vmas={"B": {"prot": "r"}}),
        "EFAULT damaged src=AB dst=...",
        "EFAULT refused src=AB dst=XXX",
    ),
    "multi-vma-move": Case(
        scene(move("src", 4, 4, F, "dst"), src="A.BB", dst="XXXX", vmas={"B": {"prot": "r"}}),
        "EFAULT refused src=A.BB dst=XXXX",
        "dst moved src=.... dst=AXBB",
    ),
    "droppable-unregistrable": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "droppable", "uffd": "missing"}}),
        "src unchanged src=A",
        "error: map.src[0] (line 0): uffd-register failed: EINVAL",
    ),
    "mmap-tells-why": Case(
        scene(do("mmap", "src", 1, letter="U"), move("src", 1, 1), src="VV", vmas={"V": {"kind": "vdso"}}),
        "error: mmap[0] (line 0): mmap failed: ENOMEM",
        "error: mmap[0] (line 0): mmap failed: EINVAL",
    ),
    "dontunmap-stays-alone": Case(
        scene(
            move("src+1p", 1, 1, FD, "src+2p"),
            src="AA.B",
            vmas={"A": {"touch": False}, "B": {"touch": False}},
        ),
        "src+2p moved src[0+4]",
        "src+2p moved src[0+2 2+1 3+1]",
        "moves layout",
    ),
    "seals-dev-zero": Case(
        scene(
            do("madvise", "src", 1, advice="dontneed"),
            move("src", 1, 1),
            src="A",
            vmas={"A": {"kind": "dev-zero", "prot": "r", "seal": True}},
        ),
        "EPERM refused src=_",
        "error: madvise[0] (line 0): madvise failed: EPERM",
    ),
    "register-keeps-wp": Case(
        scene(
            do("uffd-register", "src", 1, mode="missing"),
            move("src", 1, 1),
            src="A",
            vmas={"A": {"uffd": "wp"}},
        ),
        "src unchanged src=A",
        "error: uffd-register[0] (line 0): uffd-register failed: EBUSY",
    ),
    "populate-stops-at-gaps": Case(
        scene(
            do("madvise", "src", 2, advice="populate-write"), move("src", 1, 1), src=".A", vmas={"A": {"prot": "none"}}
        ),
        "error: madvise[0] (line 0): madvise failed: EINVAL",
        "error: madvise[0] (line 0): madvise failed: ENOMEM",
    ),
    "write-sealed-shared": Case(WRITE_SEALED, UNSHARED, "src unchanged src=A"),
    "write-sealed-refused": Case(WRITE_SEALED, "src unchanged src=A", UNSHARED),
    "write-sealed-checked-first": Case(WRITE_SEALED, UNSHARED, "src unchanged src=A"),
    "uffd-minor": Case(
        scene(move("src", 1, 1), src="A", vmas={"A": {"kind": "memfd", "uffd": "minor"}}),
        "skip: this kernel's userfaultfd has no minor mode: Linux 5.14 or later is needed",
        "src unchanged src=A",
    ),
    "pagemap-uffd-wp": Case(
        scene(do("uffd-writeprotect", "src", 1), move("src", 2, 2), src="AA", vmas={"A": {"uffd": "wp"}}),
        "uffd-wp src=--",
        "uffd-wp src=#-",
        "bits",
    ),
    "unregister-unprotects": Case(
        scene(
            do("uffd-writeprotect", "src", 1),
            do("uffd-unregister", "src", 2),
            move("src", 2, 2),
            src="AA",
            vmas={"A": {"uffd": "wp"}},
        ),
        "uffd-wp src=#-",
        "uffd-wp src=--",
        "bits",
    ),
    "writeprotect-several": Case(
        scene(
            do("uffd-writeprotect", "src", 2),
            move("src", 1, 1),
            src="AB",
            vmas={"A": {"uffd": "wp"}, "B": {"uffd": "wp", "prot": "r"}},
        ),
        "error: uffd-writeprotect[0] (line 0): uffd-writeprotect failed: ENOENT",
        "src unchanged src=AB",
    ),
    "move-unprotects": Case(
        scene(
            do("uffd-writeprotect", "src", 1),
            move("src", 2, 2, F, "dst"),
            src="AA",
            dst="..",
            vmas={"A": {"uffd": "wp"}},
        ),
        "uffd-wp src=.. uffd-wp dst=#-",
        "uffd-wp src=.. uffd-wp dst=--",
        "bits",
    ),
    "soft-dirty-merges": Case(
        scene(
            do("clear-refs"),
            do("mmap", "src", 1, letter="U"),
            move("src", 1, 1, F, "dst"),
            src=".",
            dst=".A",
            vmas={"A": {"touch": False}},
        ),
        "soft-dirty src=. soft-dirty dst=--",
        "soft-dirty src=. soft-dirty dst=##",
        "bits",
    ),
    "unregister-own-only": Case(
        scene(
            do("uffd-register", "src", 1, mode="missing"),
            do("uffd-register", "src+1p", 1, mode="missing+events"),
            do("uffd-unregister", "src", 2),
            move("src", 1, 1),
            src="AA",
        ),
        "src unchanged src=AA",
        "error: uffd-unregister[0] (line 0): uffd-unregister failed: EINVAL",
    ),
    "early-failure": Case(
        scene(move("src", 2, 2, F, "dst"), src="AB", dst="..", vmas={"A": {"kind": "sysv-shm"}}),
        "EFAULT partial src=.B dst=A.",
        "EFAULT refused src=AB dst=..",
    ),
    "thp-multi-move": Case(
        scene(move("src", 2, 2, F, "dst"), src="AB", dst="..", vmas={"B": {"kind": "file"}}),
        "EFAULT partial src=.B dst=A.",
        "dst moved src=.. dst=AB",
    ),
    "unused-address-fix": Case(
        scene(move("src", 1, 2, M, "0xffffffffffff0001"), src="A."), "EINVAL refused src=A.", "src resized src=A_"
    ),
    "unmergeable-keeps-flags": Case(
        scene(
            do("madvise", "src", 1, advice="mergeable"),
            do("madvise", "src", 1, advice="unmergeable"),
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".",
            vmas={"A": {"seal": True}},
        ),
        "dst moved src=. dst=A",
        "EPERM refused src=A dst=.",
    ),
    "account-fix": Case(
        scene(move("src", 1, 1, FD, "dst"), src="AA", dst="."),
        "src+0: dst+0:accounted",
        "src+0:accounted dst+0:accounted",
        "flags",
    ),
    "guard-flag": Case(
        scene(move("src", 1, 1), src="AA", vmas={"A": {"guard": [1]}}),
        "src+0:accounted",
        "src+0:accounted,guard",
        "flags",
    ),
    "forked-stays-apart": Case(
        scene(
            do("fork"),
            move("src+2p", 2, 2, F, "dst"),
            do("munmap", "src", 2),
            do("mmap", "src", 2, letter="C"),
            move("dst", 2, 2, F, "src+2p"),
            src="AAAA",
            dst="..",
        ),
        "src[0+4]",
        "src[0+2 2+2]",
        "layout",
    ),
    "map-count-of-every-call": Case(
        scene(move("src", 1, 1), src="A", process={"map_headroom": 3}), "src unchanged src=A", "ENOMEM refused src=A"
    ),
    "anon-page-numbers": Case(
        scene(
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".B",
            vmas={
                "A": {"kind": "memfd", "sharing": "private", "file": "f"},
                "B": {"kind": "memfd", "sharing": "private", "file": "f", "offset": "1p", "touch": False},
            },
        ),
        "dst[0+2]",
        "dst[0+1 1+1]",
        "layout",
    ),
    "dontunmap-resets-offset": Case(
        scene(
            move("src", 2, 2, F, "dst"),
            move("dst", 2, 2, FD, "far"),
            do("mmap", "dst+2p", 2, letter="B"),
            move("src", 1, 1),
            src="AA",
            dst="....",
            far="..",
        ),
        "dst[0+2 2+2] far[0+2]",
        "dst[0+4] far[0+2]",
        "layout",
    ),
    "dontunmap-locks-once": Case(
        scene(move("src", 2, 2, FD, "dst"), src="AA", dst="..", vmas={"A": {"lock": True}}),
        "locked 4 total 4",
        "locked 2 total 4",
        "counters",
    ),
    "dontunmap-splits-locked": Case(
        scene(move("src+1p", 1, 1, FD, "dst"), src="AAAA", dst=".", vmas={"A": {"lock": True}}),
        "src[0+4] dst[0+1] locked 4 total 5",
        "src[0+1 1+1 2+2] dst[0+1] locked 4 total 5",
        "layout counters",
    ),
    "dontunmap-stays-apart": Case(
        scene(move("src", 2, 2, FD, "src+2p"), src="AA..", vmas={"A": {"touch": False}}),
        "src+2p moved src[0+4]",
        "src+2p moved src[0+2 2+2]",
        "moves layout",
    ),
    "shrink-charges-right": Case(
        scene(move("src", 3, 1, F, "dst"), src="AAA", dst="."),
        "commits memory for 2 pages that were cut off",
        "",
        "overcharge_shrink",
        kernel="7.3.4",
    ),
    "uffd-copy-stays-apart": Case(
        scene(
            move("src", 1, 1, F, "dst"),
            src="A",
            dst=".B",
            vmas={"A": {"uffd": "missing", "touch": False}, "B": {"uffd": "missing", "touch": False}},
        ),
        "dst[0+2] dst+0:accounted",
        "dst[0+1 1+1] dst+0:accounted dst+1:accounted,uffd-missing",
        "layout flags",
        kernel="7.3.4",
    ),
}
