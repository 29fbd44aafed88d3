"""Each kind of mapping is made, recognised, moved by one call, and leaves nothing behind."""

from __future__ import annotations

import pytest

from mremapcheck.scenario.kinds import KINDS
from tests.live.conftest import Run, See, move

#: kind -> sharing, backing, residency after the move, some of its flags
KINDS_SEEN = {
    "anon": ("private", "anon", "###", set()),
    "anon-shared": ("shared", "shmem", "###", set()),
    "memfd": ("shared", "shmem", "###", set()),
    "tmpfs": ("shared", "shmem", "###", set()),
    "file": ("shared", "file", "###", set()),
    "dev-zero": ("private", "dev-zero", "###", set()),
    "sysv-shm": ("shared", "sysv-shm", "###", set()),
    "droppable": ("private", "anon", "###", {"droppable", "wipeonfork"}),
    "growsdown": ("private", "anon", "###", {"growsdown"}),
    "secret": ("shared", "secret", "###", {"locked"}),
    "aio": ("shared", "aio", None, {"dontexpand"}),
}


def test_every_kind_has_a_test() -> None:
    elsewhere = {"io-uring", "hugetlb", "memfd-hugetlb", "vdso", "vvar"}
    assert set(KINDS) == set(KINDS_SEEN) | elsewhere


@pytest.mark.parametrize("kind", KINDS_SEEN)
def test_kind(see: See, kind: str) -> None:
    sharing, backing, residency, flags = KINDS_SEEN[kind]
    outcome = see(vmas={"A": {"kind": kind}})
    assert [moved.to_json() for moved in outcome.moves] == [{"errno": None, "result": "dst", "verdict": "moved"}]
    (mapping,) = outcome.mappings
    assert (mapping.region, mapping.start, mapping.pages, mapping.prot) == ("dst", 0, 3, "rw-")
    assert (mapping.sharing, mapping.backing, mapping.offset) == (sharing, backing, 0)
    assert set(mapping.flags) >= flags
    assert outcome.regions == {"src": "...", "dst": "AAA" if residency else "___"}
    assert outcome.counters["total"] == 3
    if residency:
        assert outcome.residency["dst"] == residency


@pytest.mark.parametrize("kind", ["memfd", "tmpfs", "file"])
def test_files_have_offsets_and_private_copies(see: See, kind: str) -> None:
    outcome = see(vmas={"A": {"kind": kind, "sharing": "private", "offset": "2p", "prot": "r"}})
    (mapping,) = outcome.mappings
    assert (mapping.sharing, mapping.offset, mapping.prot) == ("private", 2, "r--")
    assert outcome.regions["dst"] == "AAA"


def test_letters_share_a_file_by_name(see: See) -> None:
    second = {
        "op": "mmap",
        "address": "src+10p",
        "size": "2p",
        "letter": "B",
        "kind": "memfd",
        "file": "f",
        "offset": "1p",
    }
    outcome = see(vmas={"A": {"kind": "memfd", "file": "f"}}, moves=[second, move()])
    # B maps what A wrote, and was never written to itself
    assert outcome.contents == (("src", 10, 2, "A", 1), ("dst", 0, 3, "A", 0))


def test_pages_behind_the_end_of_a_file_cannot_be_observed(see: See) -> None:
    outcome = see(
        map={"src": "AAAX", "dst": "."}, vmas={"A": {"kind": "memfd"}}, moves=[move("3p", "MAYMOVE", new_size="5p")]
    )
    assert outcome.regions["elsewhere"] == "AAA??"
    assert outcome.unobserved == dict.fromkeys(["elsewhere+3p", "elsewhere+4p"], "beyond the end of the file")


def test_runs_of_one_letter_share_a_segment(see: See) -> None:
    outcome = see(map={"src": "AAA.A", "dst": "..."}, vmas={"A": {"kind": "sysv-shm"}}, moves=[move()])
    assert outcome.regions == {"src": "....A", "dst": "AAA"}
    assert [(mapping.start, mapping.pages) for mapping in outcome.mappings] == [(4, 1), (0, 3)]


def test_io_uring_ring_lies_where_it_is_drawn(see: See) -> None:
    """The kernel takes no address for a ring, but it is put to its place; from there it can be moved nowhere.

    Linux 5.10 and 6.0 still move it.
    """
    outcome = see(map={"src": "BAA", "dst": "..."}, vmas={"A": {"kind": "io-uring"}}, moves=[move("1p")])
    ring = outcome.mappings[0]
    assert (ring.region, ring.start, ring.pages, ring.backing, ring.sharing) == ("src", 1, 2, "io-uring", "shared")
    assert {"dontexpand"} <= set(ring.flags)
    assert outcome.regions == {"src": ".__", "dst": "B.."}


@pytest.mark.parametrize("kind", ["vdso", "vvar"])
def test_own_mappings_of_the_process(run: Run, see: See, kind: str) -> None:
    wrong = run(map={"src": "A{99}", "dst": "."}, vmas={"A": {"kind": kind}}, moves=[move("1p")])
    assert wrong.status == "skip" and wrong.reason is not None
    assert wrong.reason.startswith(f"the {kind} of this kernel has ")
    pages = int(wrong.reason.split()[-2])
    outcome = see(
        map={"src": f"A{{{pages}}}", "dst": f".{{{pages}}}"}, vmas={"A": {"kind": kind}}, moves=[move(f"{pages}p")]
    )
    assert outcome.regions == {"src": "." * pages, "dst": "_" * pages}
    assert outcome.mappings[0].backing == kind
    assert see().regions["dst"] == "AAA"  # whoever comes next has a worker that can tell the time


@pytest.mark.parametrize("regions", [{"src": "AAA", "dst": "V"}, {"dst": "V", "src": "AAA"}])
def test_the_vdso_and_events_at_once_are_skipped(run: Run, regions: dict[str, str]) -> None:
    vmas = {"A": {"uffd": "missing+events"}, "V": {"kind": "vdso"}}
    wrong = run(map=regions, vmas=vmas, moves=[move("3p", flags="0")])
    pages = 1 if wrong.status != "skip" or "has" not in (wrong.reason or "") else int((wrong.reason or "").split()[-2])
    regions = {name: text.replace("V", f"V{{{pages}}}") for name, text in regions.items()}
    execution = run(map=regions, vmas=vmas, moves=[move("3p", flags="0")])
    assert execution.status == "skip" and "events" in (execution.reason or "")


@pytest.mark.parametrize("kind", ["hugetlb", "memfd-hugetlb"])
@pytest.mark.parametrize("sharing", ["private", "shared"])
def test_without_huge_pages_it_is_skipped(run: Run, kind: str, sharing: str) -> None:
    many = {"src": {"pages": "A{1048576}", "align": "2M"}, "dst": "."}  # 4G of them: nobody has reserved so many
    vmas = {"A": {"kind": kind, "sharing": sharing, "touch": False}}
    execution = run(map=many, vmas=vmas, moves=[move("2M", flags="0")])
    if execution.status != "ran":
        assert (execution.status, "huge pages" in (execution.reason or "")) == ("skip", True), execution.reason


def test_an_offset_into_a_huge_page_is_the_scenarios_fault(run: Run) -> None:
    src = {"src": {"pages": "A{512}", "align": "2M"}, "dst": "."}
    execution = run(map=src, vmas={"A": {"kind": "memfd-hugetlb", "offset": "4p"}}, moves=[move("2M", flags="0")])
    if "CONFIG_HUGETLBFS" not in (execution.reason or ""):
        assert execution.status == "error" and execution.reason and "mmap failed: EINVAL" in execution.reason


@pytest.mark.parametrize("kind", ["hugetlb", "memfd-hugetlb"])
def test_huge_pages(see: See, kind: str) -> None:
    document = {
        "map": {"src": {"pages": "A{1024}", "align": "2M"}, "dst": {"pages": ".{1024}", "align": "2M"}},
        "vmas": {"A": {"kind": kind}},
    }
    outcome = see(**document, moves=[move("4M")])
    (mapping,) = outcome.mappings
    assert (mapping.backing, mapping.pages) == ("hugetlb", 1024) and "hugetlb" in mapping.flags
    if outcome.moves[0].errno is None:  # from 5.16 on
        assert outcome.regions["dst"] == "A" * 1024
    refused = see(**document, moves=[move("4M", new_address="dst+1p")])
    assert (refused.moves[0].errno, refused.moves[0].verdict) == ("EINVAL", "refused")


def test_a_process_without_its_clock_cannot_fork(run: Run) -> None:
    execution = run(map={"src": "A", "dst": "."}, vmas={"A": {"kind": "vdso"}}, process={"fork": True})
    assert execution.status == "skip" and "vdso" in (execution.reason or "")
