from __future__ import annotations

from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.picture import show
from tests.scenario.documents import PLAIN, RICH


def test_a_plain_scenario() -> None:
    assert (
        show(parse_document(PLAIN, name="plain"))
        == """\
plain: one mapping moves

src  AA
dst  ..

A  private anon, rw, touched

mremap(src, 2p, 2p, MAYMOVE|FIXED, dst)"""
    )


def test_a_scenario_with_everything() -> None:
    head, _, tail = show(parse_document(RICH)).partition("\n\nmmap(")
    assert (
        head
        == """\
rich: something of everything

src    A{20}B.C
dst    XXMM..
third  dd

A  private anon, none, touched, pkey 2, locked on fault, dontfork, nohugepage, guard pages 0, 1, 3
B  private memfd, rw, file f, from 2p on, touched, uffd missing+events
C  shared sysv-shm, rw, untouched, locked
X  private anon, rw, touched
M  shared memfd, r, file f, from 256p on, touched, named "a name", sealed
d  shared io-uring, rw, untouched

RLIMIT_MEMLOCK: 4p
RLIMIT_AS: 2p more than in use
RLIMIT_DATA: 0p more than in use
CAP_IPC_LOCK kept
CAP_SYS_RAWIO kept
6 map slots left
in a forked child"""
    )
    assert tail.splitlines()[-1] == "moves[1]: mremap(0x1000, 1p, 1p, MAYMOVE|FIXED, 0x0)"


def test_regions_without_any_mapping() -> None:
    text = show(parse_document({**PLAIN, "map": {"src": ".{40}", "dst": "."}}, name="empty"))
    assert "src  .{40}\ndst  .\n\nmremap(" in text
