"""What the format refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.documents import PLAIN, RICH, faults, refusals, scenario


def test_the_examples_are_accepted() -> None:
    assert faults(PLAIN) == []
    assert faults(RICH) == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        # top level
        ({"map": None}, '`map` is missing | the regions, by name, as drawings: `src: "AABB.C"`'),
        ({"moves": []}, "moves: expected 1 to 1024 items, found 0"),
        ({"moves": [{"op": "fork"}]}, "moves: there is no move: an item without `op` is a mremap"),
        ({"moves": {}}, "moves: expected a list, found a mapping | a list: `[...]`, or lines that begin with `- `"),
        ({"sumary": "x"}, "sumary: unknown key `sumary` | did you mean `summary`?"),
        ({"summary": 7}, 'summary: expected a summary, found the number 7 | put it in quotes: "7"'),
        ({"summary": " "}, "summary: ` ` is not a summary"),
        ({"summary": "x" * 201}, "summary: a summary has at most 200 characters, this one 201"),
        ({"name": "a b"}, "name: `a b` is not a scenario's name | letters, digits, `.`, `_` and `-`"),
        (
            {"cite": [7]},
            'cite[0]: expected a commit id or another reference, found the number 7 | put it in quotes: "7"',
        ),
        ({"map": {}}, "map: expected 1 to 64 entries, found 0"),
        ({"map": "AA"}, "map: expected a mapping, found `AA`"),
        # attributes
        ({"vmas": {"B": {}}}, "vmas.B: no drawing has the letter `B` | only `A`"),
        ({"vmas": {"AA": {}}}, "vmas.AA: `AA` is not a letter | one of A to Z or a to z"),
        ({"vmas": {"A": {"kind": "memdf"}}}, "vmas.A.kind: there is no `memdf` here | did you mean `memfd`?"),
        (
            {"vmas": {"A": {"prot": "rwx "}}},
            "vmas.A.prot: expected one of none, r, rw, rx, rwx, found `rwx ` | did you",
        ),
        ({"vmas": {"A": {"prot": 7}}}, "vmas.A.prot: expected one of none, r, rw, rx, rwx, found the number 7"),
        ({"vmas": {"A": {"touch": "off"}}}, "vmas.A.touch: expected true or false, found `off`"),
        ({"vmas": {"A": {"lock": "onfault"}}}, "vmas.A.lock: expected true, false or on-fault, found `onfault`"),
        (
            {"vmas": {"A": {"guard": [2]}}},
            "vmas.A.guard: A has no page 2, only 2 | pages of a mapping are counted from 0",
        ),
        ({"vmas": {"A": {"guard": [-1]}}}, "vmas.A.guard[0]: expected 0 to 2097151, found the number -1"),
        ({"vmas": {"A": {"guard": [True]}}}, "vmas.A.guard[0]: expected a whole number, found true"),
        ({"vmas": {"A": {"name": "a$"}}}, "vmas.A.name: `a$` is not a name for a mapping | printable ASCII"),
        (
            {"vmas": {"A": {"sharing": "shared"}}},
            "vmas.A.sharing: anon mappings are always private | did you mean `kind: anon-shared`?",
        ),
        ({"vmas": {"A": {"file": "f"}}}, "vmas.A.file: anon has no file | kinds with a file: memfd"),
        ({"vmas": {"A": {"offset": "1p"}}}, "vmas.A.offset: anon is always mapped from its start"),
        (
            {"vmas": {"A": {"kind": "io-uring", "touch": True}}},
            "vmas.A.touch: io-uring belongs to the kernel and is never touched",
        ),
        ({"vmas": {"A": {"kind": "memfd", "file": "F."}}}, "vmas.A.file: `F.` is not a file's name | letters"),
        # the process
        (
            {"process": {"rlimits": {"as": "4p"}}},
            "process.rlimits.as: `4p` would depend on what the process has mapped besides | say how much room is left "
            "when the moves begin: `+4p`",
        ),
        (
            {"process": {"rlimits": {"stack": "4p"}}},
            "process.rlimits.stack: unknown key `stack` | one of as, data, memlock",
        ),
        ({"process": {"keep": ["SYS_ADMIN"]}}, "process.keep[0]: `SYS_ADMIN` cannot be kept | "),
        ({"process": {"map_headroom": -2}}, "process.map_headroom: expected -1 to 65530, found the number -2"),
    ],
)
def test_refuses(changes: dict[str, Any], refusal: str) -> None:
    assert len(found := refusals(**changes)) == 1, found
    assert found[0].startswith(refusal)


@pytest.mark.parametrize(
    ("regions", "refusal"),
    [
        ({"third": None}, "map.third: expected a drawing, found nothing"),
        ({"Src": "A"}, "map.Src: `Src` is not a region's name | lower-case letters, digits, `_` and `-`"),
        (
            {"elsewhere2": "A"},
            "map.elsewhere2: `elsewhere2` cannot be a region's name: `expect` uses it for something else",
        ),
        (
            {"errno": "A"},
            "map.errno: `errno` cannot be a region's name: `expect` uses it for something else",
        ),
        ({"src-1p": "A"}, "map.src-1p: `src-1p` cannot be a region's name: it reads like an address"),
        ({"third": {"align": "2M"}}, "map.third: `pages` is missing"),
        (
            {"third": {"pages": "A", "align": "3M"}},
            "map.third.align: an alignment is a power of two from 4K to 1G",
        ),
        (
            {"third": {"pages": "A", "align": "2M", "offset": "2M"}},
            "map.third.offset: the offset is not less than the alignment | `align: 2M, offset: 1M` is 1M behind",
        ),
        (
            {"third": {"pages": "A", "align": "2M", "offset": "5B"}},
            "map.third.offset: `5B` is not a number of whole pages | `1p`?",
        ),
    ],
)
def test_refuses_regions(regions: dict[str, Any], refusal: str) -> None:
    assert len(found := refusals(map={**PLAIN["map"], **regions})) == 1, found
    assert found[0].startswith(refusal)


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        ({"old_address": "src"}, "moves[0]: `old_size` is missing | how long the range is: `6p`"),
        (
            {"old_address": "sr", "old_size": "1p"},
            "moves[0].old_address: there is no region `sr` | did you mean `src`?",
        ),
        (
            {"old_address": "src", "old_size": 6},
            "moves[0].old_size: a size needs its unit, 6 has none | with its unit: `6p` (pages) or `24K`?",
        ),
        (
            {"old_address": "src", "old_size": "7G"},
            "moves[0].old_size: `7G` is more than 6G, the largest size here | or",
        ),
        ({"old_address": "src", "old_size": "1p", "flags": -1}, "moves[0].flags: flags do not fit into 64 bits"),
        ({"old_address": "src", "old_size": "1p", "flags": ["FIXED"]}, "moves[0].flags: expected flags, found a list"),
        (
            {"old_address": "src", "old_size": "1p", "new_addres": "dst"},
            "moves[0].new_addres: unknown key `new_addres`",
        ),
        (
            {"old_address": "0xf000", "old_size": "2p"},
            "moves[0].old_address: the range from 0xf000 may reach somebody else's memory | a range from a low address",
        ),
        (
            {"old_address": "src", "old_size": "1p", "new_size": "17p", "new_address": 0, "flags": "FIXED"},
            "moves[0].new_address: the range from 0x0 may reach somebody else's memory",
        ),
        ({"op": "mprotec"}, "moves[0].op: there is no op `mprotec` | did you mean `mprotect`?"),
        ({"op": None}, "moves[0].op: there is no op nothing"),
        (5, "moves[0]: expected a mapping, found the number 5 | its keys: old_address"),
        (
            {"op": "mprotect", "address": "src", "size": "1p"},
            "moves[0]: `prot` is missing | the protection from now on",
        ),
        (
            {"op": "munmap", "address": "src+8B", "size": "1p"},
            "moves[0].address: `src+8B` is not the start of a page | only mremap takes such addresses",
        ),
        (
            {"op": "munmap", "address": "0x1000", "size": "1p"},
            "moves[0].address: only mremap takes absolute addresses such as `0x1000` | name a region: `src+2p`",
        ),
        (
            {"op": "munmap", "address": "src", "size": "0p"},
            "moves[0].size: `0p` is nothing: this takes at least one byte",
        ),
        (
            {"op": "munmap", "address": "src", "size": "0x7ffffffff000B"},
            "moves[0].size: `0x7ffffffff000B` is more than 6G",
        ),
        ({"op": "mlock", "address": "src", "size": "1p", "lock": False}, "moves[0].lock: mlock locks | `op: munlock`"),
        ({"op": "mmap", "address": "src", "size": "1p"}, "moves[0]: `letter` is missing"),
        (
            {"op": "mmap", "address": "src", "size": "1p", "letter": "Y", "guard": [1]},
            "moves[0].guard: the mapping has no page 1, only 1",
        ),
        (
            {"op": "touch", "address": "src+1p", "size": "3p"},
            "moves[0]: nobody knows whose page src+2p is | say what to write: `letter: N`",
        ),
    ],
)
def test_refuses_items(item: Any, refusal: str) -> None:
    assert len(found := refusals(moves=[item, *PLAIN["moves"]])) == 1, found
    assert found[0].startswith(refusal)


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        ({"kernel": 6.17}, "expect[0].kernel: expected a range of kernels, found the number 6.17 | put it in quotes"),
        ({"kernel": "=>6"}, "expect[0].kernel: `=>6` is not a range of kernels | ranges look like"),
        ({"kernel": "next-20250814"}, "expect[0].kernel: `next-20250814` is a linux-next snapshot"),
        ({"kernel": "6.17.0-8-generic"}, "expect[0].kernel: `6.17.0-8-generic` names a build, not a release"),
        ({"errno": "EFALT"}, "expect[0].errno: `EFALT` is not the name of an errno | did you mean `EFAULT`?"),
        ({"errno": "efault"}, "expect[0].errno: `efault` is not the name of an errno | did you mean `EFAULT`?"),
        ({"verdict": "move"}, "expect[0].verdict: expected one of moved, resized"),
        ({"result": "0x1000"}, "expect[0].result: a result is named by its region"),
        ({"result": "els"}, "expect[0].result: there is no region `els` | one of dst, elsewhere, src"),
        ({"dts": ".."}, "expect[0].dts: unknown key `dts` | did you mean `dst`?"),
        ({"dst": "AB"}, "expect[0].dst: no mapping has the letter `B` | only `A`"),
        ({"layout": {"dts": ""}}, "expect[0].layout.dts: there is no region `dts` | did you mean `dst`?"),
        ({"layout": {"dst": "0-3"}}, "expect[0].layout.dst: `0-3` is not a layout | one `start+pages` per mapping"),
        ({"counters": {"locked": 2}}, "expect[0].counters.locked: a size needs its unit"),
        ({"events": [{"event": "fork"}]}, "expect[0].events[0].event: there is no event `fork` | one of remap, unmap"),
        ({"events": [{"from": "src"}]}, "expect[0].events[0]: `event` is missing | one of remap, unmap"),
        ({"errno": "EFAULT", "result": "dst"}, "expect[0].result: a move that fails has no result"),
        ({"verdict": "partial", "result": "dst"}, "expect[0].result: a move that fails has no result"),
        (
            {"errno": "EFAULT", "verdict": "moved"},
            "expect[0].verdict: a move that fails is not `moved` | one of refused",
        ),
        ({"errno": "none", "verdict": "partial"}, "expect[0].verdict: a move that succeeds is not `partial`"),
        ({"moves": [{}, {}]}, "expect[0].moves: 2 moves are expected, the scenario makes 1 | `{}` says nothing"),
        (
            {"moves": [{}], "errno": "EFAULT"},
            "expect[0].moves: `moves` tells what is expected of the last move too | say it there",
        ),
    ],
)
def test_refuses_expectations(entry: dict[str, Any], refusal: str) -> None:
    assert len(found := refusals(expect=[entry])) == 1, found
    assert found[0].startswith(refusal)


def test_a_document_is_a_mapping() -> None:
    documents: list[Any] = [None, 5, "x", [], True]
    for data in documents:
        assert faults(data)[0].startswith("expected a mapping, found ")


def test_everything_wrong_is_said_at_once() -> None:
    found = refusals(summary=5, vmas={"A": {"kind": "x", "prot": "y"}}, moves=[{"op": "x"}], expect=[{"errno": "E"}])
    assert [text.split(":")[0] for text in found] == [
        "expect[0].errno",
        "moves[0].op",
        "summary",
        "vmas.A.kind",
        "vmas.A.prot",
    ]


def test_not_more_is_said_than_anybody_reads() -> None:
    assert len(refusals(**{f"key{number}": 1 for number in range(1000)})) == 100


def test_one_value_of_a_list_may_stand_alone() -> None:
    assert scenario(cite="d5f416c7c364").cite == ("d5f416c7c364",)
    assert scenario(vmas={"A": {"advice": "dontfork"}}) == scenario(vmas={"A": {"advice": ["dontfork"]}})
