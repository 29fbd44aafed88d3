"""The classes of difference, worst first. A class is one entry here; what it is stands where it is declared.

A move may show several (a call that destroyed its destination and now succeeds is ``no-longer-damaged`` and
``newly-allowed``); the worst comes first and is the class by which the scenario is counted. What is left behind is
listed too, marked as following from that move, so that a reader can pass over it and nothing is silent.

A page that one side could not observe (``?``) is no difference, as long as both have it mapped. A place that the
kernel was free to choose is compared by what it holds; that it is another place is ``placement``. Kernel logs and
residency are not compared: they are shown, but only some executors have them.
"""

from __future__ import annotations

from collections.abc import Mapping

from mremapcheck.compare import of_memory, of_moves
from mremapcheck.compare.difference import DifferenceClass

#: By name, worst first; the first of a scenario's differences in this order is its class.
CLASSES: Mapping[str, DifferenceClass] = {
    each.name: each
    for each in (
        of_moves.PARTIAL_TO_REFUSED,
        of_moves.REFUSED_TO_PARTIAL,
        of_moves.NEWLY_DAMAGED,
        of_moves.NO_LONGER_DAMAGED,
        of_moves.NEWLY_ALLOWED,
        of_moves.NEWLY_REFUSED,
        of_moves.ERRNO,
        of_memory.CONTENTS,
        of_memory.LAYOUT,
        of_memory.BITS,
        of_memory.COUNTERS,
        of_memory.EVENTS,
        of_moves.PLACEMENT,
    )
}
