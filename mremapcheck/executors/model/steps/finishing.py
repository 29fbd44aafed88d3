"""What happens once the call has its answer: populating locked growth, telling the userfaultfd, as of 5.4."""

from __future__ import annotations

from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.faults import populate
from mremapcheck.linux.vm_flags import LOCKED


def give_back_charge(call: Call, failed: bool) -> None:
    """Uncommit what was committed for the mapping that the call failed at."""
    if failed:
        call.mm.committed -= call.charged


def populate_growth(call: Call, failed: bool) -> None:
    """Fault in what was added to an mlocked mapping; errors are ignored."""
    if not failed and call.new_len > call.old_len:
        start = call.new_addr + call.old_len
        vma = call.mm.find(start)
        if vma is not None and vma.flags & LOCKED:
            populate(call.mm, start, call.new_addr + call.new_len)


def send_events(call: Call, failed: bool) -> None:
    """Tell the userfaultfd: of the destination's unmapping, the move (only if it succeeded), then the other unmaps.

    The length told is the caller's old_size, even where a shrinking move carried less.
    """
    events = call.mm.events
    events += call.early_events
    if call.notify is not None and not failed:
        events.append(("remap", call.addr, call.new_addr, call.event_len))
    events += call.late_events
