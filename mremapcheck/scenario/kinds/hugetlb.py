"""Huge pages: mmap(2) with MAP_HUGETLB."""

from __future__ import annotations

import errno

from mremapcheck.linux.numbers import MAP_ANONYMOUS, MAP_HUGETLB
from mremapcheck.linux.vm_flags import DONTEXPAND, HUGETLB
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Sampling

#: The huge pages that x86-64 has by default, in bytes.
HUGE_PAGE = 2 << 20
NO_HUGE_PAGES = {errno.ENOMEM: "no free huge pages: set vm.nr_hugepages"}
BACKING = Backing(
    "hugetlb", "hugetlb", placement="hugetlb", has_close=True, base_flags=HUGETLB | DONTEXPAND, unit=HUGE_PAGE
)

KIND = Kind(
    "hugetlb",
    about="huge pages (MAP_HUGETLB)",
    sharing=("private", "shared"),
    feature="hugetlb",
    backing=BACKING,
    files="each",
    marks=("/anon_hugepage",),
    flags=MAP_ANONYMOUS | MAP_HUGETLB,
    skip=NO_HUGE_PAGES,
    c=CCode(flags="MAP_ANONYMOUS | MAP_HUGETLB"),
    sampling=Sampling(special=True),
)
