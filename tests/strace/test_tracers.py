"""One program (``data/tracers/mix.c``) as strace 6.1, perf trace 6.1 and ltrace 0.7.3 saw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mremapcheck.convert.strace.collect import Collection
from tests.strace.reading import collect, documents

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
