"""One program (``data/tracers/mix.c``) as strace 6.1, perf trace 6.1 and ltrace 0.7.3 saw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mremapcheck.convert.strace.collect import Collection
from tests.strace.reading import collect, documents, read_calls

LOGS = Path(__file__).parent.parent / "data" / "tracers"


def imported(name: str) -> tuple[Collection, list[dict[str, Any]]]:
    with (LOGS / name).open() as file:
        collection = collect(file)
    return collection, list(documents(collection, name, "t").values())


def drawn(name: str, shown: bool = True) -> list[dict[str, Any]]:
    """Return what was drawn, but for the files: only strace knows their names, and ltrace not even where they begin.

    So they do not know either how long the file is that is mapped.
    """
    found = []
    for document in imported(name)[1]:
        for entry in document.get("vmas", {}).values():
            entry.pop("file", None)
            if not shown:
                entry.pop("offset", None)
                entry["kind"] = entry.get("kind", "anon").replace("memfd", "file")
        document["moves"] = [item for item in document["moves"] if item.get("op") != "truncate"]
        found.append({key: value for key, value in document.items() if key in ("map", "vmas", "moves")})
    return found


def test_perf_trace_shows_what_strace_shows() -> None:
    """But for mseal, which this perf knows not even by its number."""
    collection, found = imported("perf-trace.log")
    assert collection.reading.ledger.unread == []
    perf, strace = drawn("perf-trace.log"), drawn("strace.log")
    (sealed,) = (place for place, document in enumerate(strace) if "seal" in str(document))
    assert "failed with EPERM" in found[sealed]["summary"]
    assert [*perf[:sealed], *perf[sealed + 1 :]] == [*strace[:sealed], *strace[sealed + 1 :]]


def test_ltrace_shows_system_calls_among_those_of_libraries() -> None:
    collection, found = imported("ltrace-S.log")
    assert collection.reading.ledger.unread == []
    assert collection.reading.moves == imported("strace.log")[0].reading.moves
    assert any("Which file a descriptor stands for is not in the log" in document["about"] for document in found)


@pytest.mark.parametrize("hidden", ["hint", "file"])
def test_what_ltrace_hides_is_not_made_up(hidden: str) -> None:
    """The descriptor of mmap, and the hint of MREMAP_DONTUNMAP; the rest is as strace shows it."""
    ltrace, strace = drawn("ltrace-S.log", shown=False), drawn("strace.log", shown=False)
    assert len(ltrace) == len(strace)
    for mine, other in zip(ltrace, strace, strict=True):
        if "DONTUNMAP" in other["moves"][-1]["flags"]:
            assert hidden != "hint" or "new_address" not in mine["moves"][-1]
        elif hidden == "file":
            assert mine == other


def test_without_system_calls_ltrace_is_told_and_no_errno_is_made_up() -> None:
    collection, found = imported("ltrace.log")
    ledger = collection.reading.ledger
    assert any("ltrace without -S" in note for note in ledger.notes)
    assert {unread.why for unread in ledger.unread if "failed" in unread.why} == {
        "how this mremap failed is not in the log"
    }
    assert not any("errno" in str(document.get("expect")) for document in found)


@pytest.mark.parametrize(
    ("shown", "arguments", "errno"),
    [
        ("addr: 0x1000, new_len: 8192) = -1 ENOMEM (Cannot allocate memory)",
         ("0x1000", "0", "8192", "0", "0"), "ENOMEM"),
        ("addr: 0x1000, old_len: -1, new_len: 4096, flags: MAYMOVE) = -1 EINVAL (Invalid argument)",
         ("0x1000", "-1", "4096", "MAYMOVE", "0"), "EINVAL"),
        ("addr: 0x1000, old_len: 4096, new_len: 8192, flags: ) = -1 EINVAL (Invalid argument)",
         ("0x1000", "4096", "8192", "?", "0"), "EINVAL"),
        ("addr: 0x1000, old_len: 4096, new_len: 8192, flags: MAYMOVE) = 0x2000",
         ("0x1000", "4096", "8192", "MAYMOVE", "0"), None),
    ],
)  # fmt: skip
def test_perf_leaves_out_what_is_zero_and_shows_nothing_where_it_has_no_name(
    shown: str, arguments: tuple[str, ...], errno: str | None
) -> None:
    (call,) = read_calls([f"     3.827 ( 0.013 ms): feat/6937 mremap({shown}"])
    assert (call.pid, call.arguments, call.errno) == (6937, arguments, errno)


def test_a_size_with_a_sign_is_a_large_one() -> None:
    line = "7 mremap(0x7f0000000000, -1, 4096, MREMAP_MAYMOVE) = -1 EINVAL (Invalid argument)"
    (document,) = documents(collect([line]), "log", "t").values()
    assert document["moves"][0]["old_size"] == "0xffffffffffffffffB"
