"""What drawings and items become: operations with absolute addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.units import PAGE
from mremapcheck.scenario.budget import MOST_TOUCHED
from mremapcheck.scenario.drawing import MOST_MAPPINGS
from mremapcheck.scenario.layout import ARENA_END, ARENA_START, MARGIN
from mremapcheck.scenario.operations import Mmap, Mremap, Tag, Touch
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.picture import call, moves, setup
from tests.scenario.documents import PLAIN, RICH, refusals, scenario


def lines(text: str) -> list[str]:
    return text.split("\n")


def test_a_letter_is_private_anonymous_rw_and_touched() -> None:
    assert lines(setup(scenario())) == ["mmap(src, 2p, rw, private anon) = A", "touch(src, 2p, A)"]


def test_runs_are_set_up_one_after_the_other_regions_in_the_order_written() -> None:
    made = scenario(map={"src": "A.AB", "dst": "X"}, vmas={"A": {"touch": False}, "B": {"touch": False}})
    assert lines(setup(made)) == [
        "mmap(src, 1p, rw, private anon) = A",
        "mmap(src+2p, 1p, rw, private anon) = A",
        "mmap(src+3p, 1p, rw, private anon) = B",
        "mmap(dst, 1p, rw, private anon) = X",
        "touch(dst, 1p, X)",
    ]
    assert [step.where for step in made.setup] == ["map.src[0]", "map.src[1]", "map.src[2]", "map.dst[0]", "map.dst[0]"]


def test_each_mapping_is_prepared_in_the_order_that_decides_merging() -> None:
    attributes = {
        "kind": "memfd",
        "prot": "r",
        "lock": "on-fault",
        "advice": ["dontfork", "dontdump"],
        "guard": [0, 2, 3],
        "name": "heap",
        "uffd": "wp",
        "seal": True,
        "offset": "3p",
    }
    assert lines(setup(scenario(map={"src": "AAAA", "dst": "."}, vmas={"A": attributes}))) == [
        "mmap(src, 4p, rw, shared memfd from 3p on) = A",
        "touch(src, 4p, A)",
        "mprotect(src, 4p, r)",
        "mlock(src, 4p, ONFAULT)",
        "madvise(src, 4p, DONTFORK)",
        "madvise(src, 4p, DONTDUMP)",
        "madvise(src, 1p, GUARD_INSTALL)",
        "madvise(src+2p, 2p, GUARD_INSTALL)",
        'PR_SET_VMA_ANON_NAME(src, 4p, "heap")',
        "UFFDIO_REGISTER(src, 4p, wp)",
        "mseal(src, 4p)",
    ]


def test_an_untouched_mapping_is_made_with_its_protection() -> None:
    made = scenario(vmas={"A": {"touch": False, "prot": "none"}})
    assert setup(made) == "mmap(src, 2p, none, private anon) = A"


@pytest.mark.parametrize("kind", ["io-uring", "aio", "vdso", "vvar"])
def test_what_belongs_to_the_kernel_is_not_touched(kind: str) -> None:
    assert [type(step) for step in scenario(vmas={"A": {"kind": kind}}).setup] == [Mmap]


@pytest.mark.parametrize(
    ("kind", "sharing"),
    [
        ("anon", "private"),
        ("anon-shared", "shared"),
        ("memfd", "shared"),
        ("file", "shared"),
        ("tmpfs", "shared"),
        ("sysv-shm", "shared"),
        ("dev-zero", "private"),
        ("io-uring", "shared"),
        ("hugetlb", "private"),
    ],
)
def test_default_sharing(kind: str, sharing: str) -> None:
    first = scenario(vmas={"A": {"kind": kind}}).setup[0]
    assert isinstance(first, Mmap)
    assert first.sharing == sharing


def test_op_mmap_touches_only_if_it_says_so() -> None:
    item = {"op": "mmap", "address": "dst", "size": "2p", "letter": "B", "prot": "r"}
    assert lines(moves(scenario(moves=[item, *PLAIN["moves"]])))[:-1] == ["mmap(dst, 2p, r, private anon) = B"]
    assert lines(moves(scenario(moves=[{**item, "touch": True}, *PLAIN["moves"]])))[:-1] == [
        "mmap(dst, 2p, rw, private anon) = B",
        "touch(dst, 2p, B)",
        "mprotect(dst, 2p, r)",
    ]


def test_a_document_with_everything() -> None:
    assert lines(moves(parse_document(RICH))) == [
        "mmap(dst+4p, 2p, rw, private anon) = Y",
        "touch(dst+4p, 2p, Y)",
        "mprotect(dst+4p, 2p, rx)",
        "madvise(dst+5p, 1p, GUARD_INSTALL)",
        "munmap(dst, 1p)",
        "mprotect(src, 1p, rwx)",
        "mprotect(src, 1p, r, pkey 1)",
        "madvise(src, 1p, WIPEONFORK)",
        "mlock(src, 1p)",
        "mlock(src, 1p, ONFAULT)",
        "munlock(src, 1p)",
        "touch(src, 3p, A)",
        "read(src, 3p)",
        "UFFDIO_REGISTER(src, 1p, wp)",
        "UFFDIO_UNREGISTER(src, 1p)",
        'PR_SET_VMA_ANON_NAME(src, 1p, "x")',
        "fork()",
        "moves[0]: mremap(src+4B, 0xfffffffffffff001B, 1p, FIXED|0x10, 0x0)",
        "mseal(src, 1p)",
        "moves[1]: mremap(0x1000, 1p, 1p, MAYMOVE|FIXED, 0x0)",
    ]


def test_new_size_is_old_size_unless_said_and_flags_are_none() -> None:
    last = scenario(moves=[{"old_address": "src", "old_size": "2p"}]).script[-1]
    assert isinstance(last, Mremap)
    assert (last.new_size, last.flags, last.new_address.value) == (2 * PAGE, 0, 0)


def tags(step: object) -> str:
    assert isinstance(step, Touch)
    return " ".join(f"{tag.letter}{tag.page}" for tag in step.tags)


def test_touch_writes_the_tags_of_the_letters_that_are_there() -> None:
    made = scenario(
        map={"src": "AABB", "dst": "...."},
        moves=[
            {"old_address": "src+1p", "old_size": "2p", "flags": "MAYMOVE|FIXED", "new_address": "dst"},
            {"op": "touch", "address": "dst", "size": "2p"},
            {"op": "mmap", "address": "src+1p", "size": "1p", "letter": "A"},
            {"op": "touch", "address": "src", "size": "2p"},
            {"op": "touch", "address": "dst+2p", "size": "1p", "letter": "Z"},
            {"op": "touch", "address": "dst+1p", "size": "5000B"},
        ],
    )
    assert [tags(step) for step in made.script if isinstance(step, Touch)] == ["A1 B0", "A0 A2", "Z0", "B0 Z0"]


def test_no_two_pages_have_the_same_tag() -> None:
    made = scenario(map={"src": "AA.A", "dst": "A"})
    written = [tag for step in made.setup if isinstance(step, Touch) for tag in step.tags]
    assert written == [Tag("A", page) for page in range(4)]


def test_where_a_page_has_no_letter_touch_needs_one() -> None:
    grow = {"old_address": "src", "old_size": "2p", "new_size": "3p"}
    touch = {"op": "touch", "address": "src+2p", "size": "1p"}
    assert refusals(moves=[grow, touch])[0].startswith("moves[1]: nobody knows whose page src+2p is")
    assert refusals(moves=[grow, {**touch, "letter": "A"}]) == []


def test_letters_with_the_same_file_map_the_same_object() -> None:
    vmas = {
        "A": {"kind": "memfd", "file": "m", "offset": "2p"},
        "B": {"kind": "memfd"},
        "C": {"kind": "memfd", "file": "m", "sharing": "private"},
        "D": {"kind": "anon-shared"},
    }
    made = scenario(map={"src": "AABB.B", "dst": "CD"}, vmas=vmas)
    names = [(step.letter, step.object) for step in made.setup if isinstance(step, Mmap)]
    assert names == [("A", "m"), ("B", "@B"), ("B", "@B"), ("C", "m"), ("D", "")]
    assert made.objects() == {"m": ("memfd", 4), "@B": ("memfd", 2)}


def test_objects_are_long_enough_for_items_too() -> None:
    item = {"op": "mmap", "address": "dst", "size": "2p", "letter": "B", "kind": "tmpfs", "file": "t", "offset": "5p"}
    assert scenario(moves=[item, *PLAIN["moves"]]).objects() == {"t": ("tmpfs", 7)}


def test_a_file_is_of_one_kind() -> None:
    vmas = {"A": {"kind": "memfd", "file": "m"}, "B": {"kind": "tmpfs", "file": "m"}}
    assert refusals(map={"src": "AB", "dst": "."}, vmas=vmas) == [
        "vmas.B.file: file `m` is a memfd already and cannot be a tmpfs too | give one of them another name"
    ]


def test_features_are_what_a_kernel_must_have() -> None:
    assert scenario().features == frozenset()
    assert parse_document(RICH).features == {
        "cap-ipc-lock",
        "cap-sys-rawio",
        "fork",
        "guard",
        "io-uring",
        "map-headroom",
        "mseal",
        "pkeys",
        "sysv-shm",
        "uffd",
        "uffd-events",
        "uffd-wp",
        "vma-name",
    }


@pytest.mark.parametrize(
    ("vma", "features"),
    [
        ({"kind": "file"}, {"ext4"}),
        ({"kind": "tmpfs"}, {"tmpfs"}),
        ({"kind": "hugetlb"}, {"hugetlb"}),
        ({"kind": "memfd-hugetlb"}, {"hugetlb"}),
        ({"kind": "secret"}, {"secret"}),
        ({"kind": "droppable"}, {"droppable"}),
        ({"kind": "aio"}, {"aio"}),
        ({"kind": "growsdown"}, set()),
        ({"uffd": "missing"}, {"uffd"}),
        ({"advice": "guard-install"}, {"guard"}),
        ({"advice": "dontfork"}, set()),
    ],
)
def test_features_of_attributes(vma: dict[str, object], features: set[str]) -> None:
    assert scenario(vmas={"A": vma}).features == features


def test_regions_have_room_on_either_side() -> None:
    made = scenario(map={"src": "AA", "dst": "..", "more": "A{600}"})
    floor = ARENA_START
    for region in made.regions:
        assert region.floor == floor
        assert region.start >= region.floor + MARGIN * PAGE
        assert region.ceiling >= region.start + (region.pages + MARGIN) * PAGE
        floor = region.ceiling


def test_alignment() -> None:
    made = scenario(map={"src": {"pages": "A", "align": "1G", "offset": "2M"}, "dst": {"pages": ".", "align": "2M"}})
    assert made.regions[0].start % (1 << 30) == 2 << 20
    assert made.regions[1].start % (2 << 20) == 0


sizes = st.sampled_from(["1p", "255p", "256p", "257p", "1G", "6G", "1048575p", "123B"])
offsets = st.sampled_from(["", "-4G", "+6G", "-300p", "+255p", "+256p", "+257p"])


@given(st.lists(st.tuples(st.sampled_from(["src", "dst"]), offsets, sizes, sizes), min_size=1, max_size=4))
def test_no_operation_leaves_its_region_s_zone(calls: list[tuple[str, str, str, str]]) -> None:
    items = [
        {"old_address": name + offset, "old_size": old, "new_size": new, "new_address": "dst" + offset, "flags": 3}
        for name, offset, old, new in calls
    ]
    made = scenario(moves=items)
    zones = {region.name: region for region in made.regions}
    for step in made.script:
        assert isinstance(step, Mremap)
        for address, size in (
            (step.old_address, max(step.old_size, step.new_size)),
            (step.new_address, step.new_size),
        ):
            zone = zones[address.region or ""]
            assert zone.floor < address.value
            assert address.value + size < zone.ceiling
    assert made.regions[-1].ceiling < ARENA_END


def test_the_largest_scenario_fits_into_the_arena() -> None:
    drawn = {f"r{number}": {"pages": "A{16384}", "align": "1G", "offset": "4K"} for number in range(64)}
    items = [{"old_address": f"r0{at}", "old_size": "6G", "new_address": "r1", "flags": 3} for at in ("+6G", "-4G")]
    made = scenario(map=drawn, moves=items, vmas={"A": {"touch": False}})
    assert made.regions[-1].ceiling < ARENA_END


def test_sizes_that_cannot_exist_need_no_room() -> None:
    huge = {"old_address": "src", "old_size": "0xfffffffffffff001B", "new_size": "0x7ffffffff000B"}
    assert scenario(moves=[huge]).regions == scenario().regions


def test_limits() -> None:
    assert refusals(map={"src": f"A{{{MOST_TOUCHED + 1}}}", "dst": "."}) == [
        f"map.src: a scenario touches at most {MOST_TOUCHED} pages | "
        "`touch: false` for the mapping, and `op: touch` for the pages that matter"
    ]
    touch = {"op": "touch", "address": "src", "size": f"{MOST_TOUCHED}p", "letter": "Z"}
    assert "at most 65536 pages" in refusals(moves=[touch, *PLAIN["moves"]])[0]
    untouched = {"A": {"touch": False}, "B": {"touch": False}}
    assert refusals(map={"src": "A{1048576}", "dst": "B"}, vmas=untouched) == [
        "map.dst: a scenario maps at most 1048576 pages that are more than reserved | "
        "reserve them: `noreserve: true` or `prot: none`, and `touch: false`"
    ]
    reserved = {"A": {"touch": False, "noreserve": True}, "B": {"touch": False, "prot": "none"}}
    assert refusals(map={"src": "A{2097151}", "dst": "B"}, vmas=reserved) == []
    assert refusals(map={"src": "A{2097151}", "dst": "BBx"}, vmas=reserved) == [
        f"map.dst: a scenario maps at most 2097152 pages, with {MOST_MAPPINGS} calls | make several scenarios of it"
    ]
    many = "AB" * (MOST_MAPPINGS // 2)
    assert refusals(map={"src": many, "dst": "."}) == []
    assert refusals(map={"src": many, "dst": "A"})[0].startswith("map.dst: a scenario maps at most")
    (found,) = refusals(map={"src": many + "A", "dst": "."})
    assert found.startswith(f"map.src: more than {MOST_MAPPINGS} mappings are drawn | ")


def test_the_text_of_operations_tells_them_apart() -> None:
    made = parse_document(RICH)
    assert len({call(step) for step in (*made.setup, *made.script)}) == len(made.setup) + len(made.script)
