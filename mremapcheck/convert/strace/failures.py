"""What a call has done before it failed, as far as its errno tells."""

from __future__ import annotations

from mremapcheck.convert.strace.call import Call
from mremapcheck.convert.strace.effects import EDITS, range_of
from mremapcheck.convert.strace.space import HOLE, AddressSpace, MappingFacts

#: Those that look at all of the range first.
_AT_ONCE = frozenset(("mseal",))


def fail(space: AddressSpace, call: Call) -> None:
    """Do what a call did that goes from mapping to mapping and stopped on the way; raise ValueError as effects do.

    ENOMEM: it came to a hole; madvise(2) goes on behind it. mlock(2) gives it, too, where all was locked and there is
    no access to a page, or it is a guard (EAGAIN: no memory for it), and for its limit, before it does anything. EPERM:
    it came to a sealed mapping (since 6.12).
    """
    edit = EDITS.get(call.name)
    if edit is None or call.name in _AT_ONCE or call.errno not in ("ENOMEM", "EAGAIN", "EPERM"):
        return
    start, size = range_of(call)
    end = start + size
    pieces = list(space.pieces(start, end))
    passes = call.name == "madvise"
    stops = [
        low
        for low, _, facts in pieces
        if (not passes if facts in (None, HOLE) else facts.seal and call.errno == "EPERM")
    ]
    limit = not stops and not any(_inaccessible(facts) for _, _, facts in pieces if facts)
    if limit and call.name in ("mlock", "mlock2") and call.errno == "ENOMEM":
        return
    if stops:
        end = stops[0]

    def change(facts: MappingFacts) -> MappingFacts:
        return edit(facts, call)

    space.change(start, end - start, change)


def _inaccessible(facts: MappingFacts) -> bool:
    return facts.prot == "none" or "guard-install" in facts.advice
