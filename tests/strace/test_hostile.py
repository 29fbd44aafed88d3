"""Logs that no tracer wrote: whatever they hold, every line is accounted for and nothing breaks."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mremapcheck.convert.strace.oracles import models
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.parse import parse_document
from tests.strace.reading import collect, documents

DATA = Path(__file__).parent.parent / "data"
LINES = [line for log in sorted(DATA.glob("*.log")) for line in log.read_text().splitlines()]
CALLS = [
    "mmap({at}, {size}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = {at}",
    "mmap({at}, {size}, PROT_READ, MAP_SHARED|MAP_FIXED, 3</tmp/db>, 0) = {at}",
    "mmap({at}, {size}, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = {at}",
    "munmap({at}, {size}) = 0",
    "mprotect({at}, {size}, PROT_READ) = 0",
    "mlock({at}, {size}) = 0",
    "shmat(7, {at}, SHM_REMAP) = {at}",
    "shmdt({at}) = 0",
    "madvise({at}, {size}, 0x66) = 0",
    "brk({at}) = {at}",
    "remap_file_pages({at}, {size}, 0, 3, 0) = 0",
    "mremap({at}, {size}, {other}, MREMAP_MAYMOVE) = {to}",
    "mremap({at}, {size}, {other}, MREMAP_MAYMOVE) = {at}",
    "mremap({at}, {size}, {size}, MREMAP_MAYMOVE|MREMAP_FIXED, {to}) = {to}",
    "mremap({at}, {size}, {size}, 0x5, {to}) = {to}",
    "mremap({at}, {size}, {other}, 0) = -1 ENOMEM (Cannot allocate memory)",
    "mremap({at}, {size}, {other}, MREMAP_MAYMOVE|MREMAP_FIXED, {to}) = -1 EFAULT (Bad address)",
    "mremap({at}, 0, {size}, MREMAP_MAYMOVE) = {to}",
    "fork() = 9",
]
_addresses = st.integers(0, 24).map(lambda page: hex(0x7F0000000000 + page * 4096)) | st.sampled_from(
    ["NULL", "0x1000", "0x7f0000000800", "0x7f0000200000", "0x7ffffffff000", "0xffffffffff600000", "0x600000000000"]
)
_sizes = st.integers(0, 8).map(lambda pages: str(pages * 4096)) | st.sampled_from(
    ["1", "5000", "2097152", "8589934592", "0xffffffffffffe000", "140737488351232", "281474976710656"]
)
_calls = st.builds(
    lambda text, at, to, size, other: text.format(at=at, to=to, size=size, other=other),
    st.sampled_from(CALLS),
    _addresses,
    _addresses,
    _sizes,
    _sizes,
)


def _account(lines: list[str], told: int) -> None:
    collection = collect(lines)
    ledger = collection.reading.ledger
    assert ledger.lines == told
    assert ledger.used >= 0
    assert ledger.unconcerned >= 0
    version = KernelVersion.parse("6.18")
    for document in documents(collection, "log", "t", version, models(version)).values():
        parse_document(document)
    shapes = sum(shape.count for shape in collection.shapes)
    left = sum(left.count for left in collection.reading.left.values())
    assert shapes <= collection.reading.moves <= shapes + left


@settings(max_examples=200)
@given(st.lists(_calls, max_size=12))
def test_calls_in_any_order(lines: list[str]) -> None:
    _account(lines, len(lines))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(LINES), st.integers(0, 200), st.text(max_size=6)), max_size=12))
def test_broken_lines(pieces: list[tuple[str, int, str]]) -> None:
    lines = [line[:at] + text.replace("\n", "") + line[at + len(text) :] for line, at, text in pieces]
    _account(lines, len(lines))
