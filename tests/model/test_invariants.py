"""What holds for every kernel whatever is done to its address space."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mremapcheck.base.units import ARENA_START, PAGE, PAGE_SHIFT
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.calls.table import CALLS
from mremapcheck.executors.model.exceptions import ScenarioEnded
from mremapcheck.executors.model.mm import Mm, pages_of
from mremapcheck.executors.model.pipeline import run
from mremapcheck.executors.model.process import SimulatedProcess
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.vm_flags import ACCOUNT, GROWSDOWN, LOCKED, SHARED, WRITE
from mremapcheck.scenario.document import Process as Conditions
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import (
    Address,
    Fork,
    Madvise,
    Mlock,
    Mmap,
    Mprotect,
    Mremap,
    Mseal,
    Munlock,
    Munmap,
    Operation,
    Read,
    Tag,
    Touch,
    UffdRegister,
    UffdUnregister,
)
from mremapcheck.scenario.parse import parse_document
from tests.model.reproduce import document, to_keep

AT: dict[str, Any] = {"where": "here", "line": 1}
BASE = ARENA_START + 4096 * PAGE
PAGES = 24
KINDS = ("anon", "anon", "anon-shared", "memfd", "dev-zero", "sysv-shm", "file", "droppable", "aio")
KERNELS = ("5.4", "5.10.218", "5.16", "6.0", "6.1.3", "6.3", "6.12.107", "6.16", "6.17-rc1", "6.17", "7.1", "7.3")


def address(page: int, rest: int = 0) -> Address:
    return Address("src", page * PAGE + rest, BASE + page * PAGE + rest)


def scenario_of(ops: list[Operation]) -> Scenario:
    """Return the operations as a scenario: files are as long as it needs."""
    return Scenario("made", "", "", (), (), (), tuple(ops), Conditions(), (), frozenset(), {})


places = st.integers(0, PAGES - 1)
sizes = st.integers(1, 6)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    what = draw(st.integers(0, 13))
    page, count = draw(places), draw(sizes)
    ranged: dict[str, Any] = {**AT, "address": address(page), "size": count * PAGE}
    if what <= 2:
        kind = draw(st.sampled_from(KINDS))
        private = kind in ("anon", "dev-zero", "droppable") or (kind in ("memfd", "file") and draw(st.booleans()))
        return Mmap(
            **ranged,
            letter=draw(st.sampled_from("ABCD")),
            kind=kind,
            sharing="private" if private else "shared",
            prot=draw(st.sampled_from(("none", "r", "rw", "rw", "rwx"))),
            object=draw(st.sampled_from("fg")),
            offset=draw(st.integers(0, 3)),
        )
    if what == 3:
        return Touch(**ranged, tags=tuple(Tag("T", index) for index in range(count)))
    if what == 4:
        return Mprotect(**ranged, prot=draw(st.sampled_from(("none", "r", "rw"))))
    if what == 5:
        return Mlock(**ranged, on_fault=draw(st.booleans()))
    if what == 6:
        advice = (
            "dontfork",
            "dofork",
            "dontneed",
            "wipeonfork",
            "guard-install",
            "guard-remove",
            "nohugepage",
            "remove",
        )
        return Madvise(**ranged, advice=draw(st.sampled_from(advice)))
    if what == 7:
        rare: tuple[Operation, ...] = (
            Munmap(**ranged),
            Munlock(**ranged),
            Mseal(**ranged),
            Read(**ranged),
            Fork(**AT),
            UffdUnregister(**ranged),
        )
        return draw(st.sampled_from(rare))
    if what == 8:
        return UffdRegister(**ranged, mode=draw(st.sampled_from(("missing", "wp", "missing+events"))))
    return Mremap(
        **AT,
        old_address=address(page, draw(st.sampled_from((0, 0, 0, 0, 8)))),
        old_size=draw(st.integers(0, 8)) * PAGE - draw(st.sampled_from((0, 0, 1))) & (1 << 64) - 1,
        new_size=draw(st.integers(0, 8)) * PAGE,
        flags=draw(st.sampled_from((0, 1, 3, 3, 3, 5, 7, 2))),
        new_address=address(draw(places)),
    )


def check(mm: Mm, kernel: str) -> None:
    """Check an address space; 7.3 leaks neither locked nor committed memory, and 5.10 accounts what it must not."""
    vmas = mm.vmas
    assert all(vma.start < vma.end and not vma.start % PAGE and not vma.end % PAGE for vma in vmas)
    assert all(lower.end <= upper.start for lower, upper in pairwise(vmas))
    assert mm.total == sum(map(pages_of, vmas))
    assert mm.data == sum(pages_of(vma) for vma in vmas if vma.flags & (WRITE | SHARED | GROWSDOWN) == WRITE)
    assert all(mm.find(page << PAGE_SHIFT) is not None for page in mm.pages)
    assert all((vma.uffd is None) == (not vma.flags & (1 << 14 | 1 << 15)) for vma in vmas)
    assert all(vma.source is None for vma in vmas)
    locked = sum(pages_of(vma) for vma in vmas if vma.flags & LOCKED)
    committed = sum(pages_of(vma) for vma in vmas if vma.flags & ACCOUNT)
    assert mm.locked >= locked
    assert mm.committed >= committed or kernel.startswith("5.10")
    if kernel == "7.3":
        assert mm.locked == locked
        assert mm.committed == committed
    for vma in vmas:
        if vma.file is None and not vma.flags & SHARED and vma.anon_vma is None:
            first, last = vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT
            assert not any(type(mm.pages.get(page)) is tuple for page in range(first, last))


def state(mm: Mm) -> tuple[object, ...]:
    return (
        [(vma.start, vma.end, vma.flags, vma.pgoff, vma.name, vma.uffd) for vma in mm.vmas],
        dict(mm.pages),
        mm.total,
        mm.locked,
    )


def mapped(page: int, count: int, kind: str = "anon") -> Mmap:
    sharing = "private" if kind == "anon" else "shared"
    return Mmap(
        **AT,
        address=address(page),
        size=count * PAGE,
        letter="A",
        kind=kind,
        sharing=sharing,
        prot="rw",
        object="f",
        offset=0,
    )


def moved(page: int, count: int, flags: int, to: int) -> Mremap:
    size = count * PAGE
    return Mremap(**AT, old_address=address(page), old_size=size, new_size=size, flags=flags, new_address=address(to))


#: The second mapping fails, once it is looked at and once it is moved; the first stays moved, and committed.
HALF_MOVED = [mapped(0, 1), mapped(2, 1, "sysv-shm"), moved(0, 3, 7, 6)]
NO_ROOM = [mapped(0, 1), mapped(2, 1), Mseal(**AT, address=address(2), size=PAGE), moved(0, 3, 7, 6)]


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=60)
@given(st.lists(operations(), min_size=3, max_size=14))
@example(HALF_MOVED)
@example(NO_ROOM)
def test_the_address_space_stays_sound(kernel: str, ops: list[Operation]) -> None:
    with to_keep(ops, PAGES):
        process = SimulatedProcess(Mm(resolve(kernel).rules()), scenario_of(ops))
        for op in ops:
            mm = process.mm
            if not isinstance(op, Mremap):
                with suppress(ScenarioEnded):
                    CALLS[type(op)](process, op)
                check(process.mm, kernel)
                continue
            before = state(mm)
            call = Call(mm, op)
            answer = run(mm.rules.mremap, call)
            for step in mm.rules.finish:
                step(call, isinstance(answer, str))
            check(mm, kernel)
            assert answer is not None
            if isinstance(answer, str) or answer == 14:  # 5.16: EFAULT with the wrong sign
                continue
            new_pages = -(-op.new_size // PAGE)
            assert not answer % PAGE
            if op.flags & 2:
                assert answer == op.new_address.value
            if op.flags == 0:
                assert answer == op.old_address.value
            if op.flags & 4:
                assert mm.find(op.old_address.value) is not None
            if op.flags == 0 and op.old_size == op.new_size:
                assert state(mm) == before
            if op.flags & 3 == 3 and -(-op.old_size // PAGE) != new_pages:
                assert not mm.is_free(answer, answer + new_pages * PAGE)


@pytest.mark.parametrize("kernel", ["6.17-rc3", "7.3"])
@settings(max_examples=100)
@given(st.lists(operations(), min_size=3, max_size=10))
def test_what_is_wrong_with_a_first_mapping_is_found_before_anything_is_done(kernel: str, ops: list[Operation]) -> None:
    """From 6.17-rc3 on EFAULT, and EINVAL, of a call that moves one mapping leave everything as it was.

    But for a duplicate to the place of its own source, which destroys it.
    """
    with to_keep(ops, PAGES):
        process = SimulatedProcess(Mm(resolve(kernel).rules()), scenario_of(ops))
        for op in ops:
            mm = process.mm
            if not isinstance(op, Mremap):
                with suppress(ScenarioEnded):
                    CALLS[type(op)](process, op)
                continue
            before = state(mm)
            source = mm.find(op.old_address.value)
            end = op.old_address.value + op.old_size
            one = source is None or source.end >= end
            answer = run(mm.rules.mremap, Call(mm, op))
            if answer in ("EFAULT", "EINVAL") and one and op.old_size:
                assert state(mm) == before


@given(st.lists(operations(), min_size=3, max_size=14))
def test_what_was_drawn_can_be_kept(ops: list[Operation]) -> None:
    """The scenario that is printed does what was drawn, to files and letters of its own numbering."""
    ops.append(moved(0, 3, 3, 6))
    loaded = parse_document(document(ops, PAGES)).script
    for op, kept in zip(ops, loaded, strict=True):
        assert type(op) is type(kept)
        for field in ("size", "prot", "kind", "sharing", "advice", "mode", "old_size", "new_size", "flags", "on_fault"):
            assert getattr(op, field, None) == getattr(kept, field, None)
        for field in ("address", "old_address", "new_address"):
            there, here = getattr(op, field, None), getattr(kept, field, None)
            assert (there and there.offset) == (here and here.offset)
