"""One mremap call on its way through the steps (struct vma_remap_struct)."""

from __future__ import annotations

from mremapcheck.executors.model.errno import Errno
from mremapcheck.executors.model.mm import Event, Mm
from mremapcheck.executors.model.vma import Uffd, Vma
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, Mremap


class Call:
    """What the steps know and change; addresses and lengths in bytes, in 64-bit arithmetic.

    ``addr``, ``old_len``, ``new_len``, ``flags`` and ``new_addr`` start as the caller gave them and change as the
    kernel's own variables do; ``move`` stays what was asked. ``vma`` is the source mapping once it was looked up.
    ``has_destination``: new_address counts, as the destination (MREMAP_FIXED) or as a hint (MREMAP_DONTUNMAP, 5.7).
    """

    __slots__ = (
        "addr",
        "charged",
        "copy",
        "early_events",
        "event_len",
        "flags",
        "following",
        "has_destination",
        "late_events",
        "mm",
        "move",
        "new_addr",
        "new_len",
        "new_vma",
        "notify",
        "old_len",
        "prev",
        "series",
        "vma",
        "was_locked",
    )

    vma: Vma
    new_vma: Vma
    copy: Vma
    series: Series

    def __init__(self, mm: Mm, move: Mremap) -> None:
        self.mm = mm
        self.move = move
        self.addr = move.old_address.value
        self.old_len = move.old_size
        self.new_len = move.new_size
        self.flags = move.flags
        self.new_addr = move.new_address.value
        self.has_destination = bool(move.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        #: Pages that were committed for the mapping at hand and are given back where copying or extending it fails.
        self.charged = 0
        #: The source was mlocked when it was copied.
        self.was_locked = False
        #: Neighbours of the destination that the copy may merge with.
        self.prev: Vma | None = None
        self.following: Vma | None = None
        #: Whom to tell of the move, and of unmaps before and after it.
        self.notify: Uffd | None = None
        self.event_len = 0
        self.early_events: list[Event] = []
        self.late_events: list[Event] = []

    def fail(self, errno: Errno, text: str, *args: object) -> Errno:
        """Answer with ``errno``; ``text`` says why (see ``Trace.say``)."""
        trace = self.mm.trace
        if trace is not None:
            trace.note(text + f": {errno}", *args)
        return errno


class Series:
    """How far a move of several mappings has come (6.17): all addresses in bytes.

    ``last_end`` is where the previous mapping ended before it was moved; ``target`` where the next one goes if it
    follows without a gap.
    """

    __slots__ = ("end", "last_end", "previous_eligible", "seen", "start", "target")

    def __init__(self, call: Call) -> None:
        self.start = call.addr
        self.end = call.addr + call.old_len
        self.target = call.new_addr
        self.seen = False
        self.last_end = 0
        self.previous_eligible = True
