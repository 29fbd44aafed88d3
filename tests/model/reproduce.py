"""Operations that a property test drew, as a scenario for somebody to keep: it is printed where the test fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import note

from mremapcheck.base.units import PAGE
from mremapcheck.campaign.write import document_text
from mremapcheck.scenario.operations import (
    Address,
    AddSeals,
    ClearRefs,
    Fork,
    Madvise,
    Mlock,
    Mlockall,
    Mmap,
    Mprotect,
    Mremap,
    Operation,
    Touch,
    Truncate,
    UffdRegister,
)

_NAMES = {"UffdRegister": "uffd-register", "UffdUnregister": "uffd-unregister"}


@contextmanager
def to_keep(ops: Sequence[Operation], pages: int) -> Iterator[None]:
    """Print what was drawn as a scenario, of one region with so many pages, if what is done with it fails."""
    try:
        yield
    except Exception:
        note(f"a scenario to keep:\n\n{document_text(document(ops, pages))}")
        raise


def document(ops: Sequence[Operation], pages: int) -> dict[str, Any]:
    """Return the document of a scenario that does this; it begins with an empty region."""
    items = [_item(op) for op in ops]
    return {"summary": "Found by a property test", "map": {"src": f".{{{pages}}}"}, "moves": items}


def _item(op: Operation) -> dict[str, Any]:
    if isinstance(op, Mremap):
        sizes = {"old_size": _size(op.old_size), "new_size": _size(op.new_size)}
        places = {"old_address": _place(op.old_address), "new_address": _place(op.new_address)}
        return {**sizes, **places, "flags": op.flags}
    item: dict[str, Any] = {"op": _NAMES.get(type(op).__name__, type(op).__name__.lower())}
    if isinstance(op, AddSeals | Fork | Truncate | ClearRefs | Mlockall):
        return item
    item |= {"address": _place(op.address), "size": _size(op.size)}
    if isinstance(op, Mmap):
        item |= {"letter": op.letter, "kind": op.kind, "sharing": op.sharing, "prot": op.prot}
        if op.kind in ("memfd", "file", "sysv-shm"):
            item["file"] = f"{op.kind}-{op.object}"
        if op.kind in ("memfd", "file", "dev-zero"):
            item["offset"] = f"{op.offset}p"
        return item
    if isinstance(op, Touch):
        return item | {"letter": op.tags[0].letter}
    if isinstance(op, Mprotect):
        return item | {"prot": op.prot}
    if isinstance(op, Mlock):
        return item | ({"lock": "on-fault"} if op.on_fault else {})
    if isinstance(op, Madvise):
        return item | {"advice": op.advice}
    if isinstance(op, UffdRegister):
        return item | {"mode": op.mode}
    return item


def _place(address: Address) -> str:
    page, rest = divmod(address.offset, PAGE)
    return f"{address.region}+{page}p" + (f"+{rest}B" if rest else "")


def _size(size: int) -> str:
    return f"{size:#x}B" if size % PAGE else f"{size // PAGE}p"
