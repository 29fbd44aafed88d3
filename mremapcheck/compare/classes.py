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

from mremapcheck.compare import memory_classes, move_classes
from mremapcheck.compare.difference import DifferenceClass

#: By name, worst first; the first of a scenario's differences in this order is its class.
CLASSES: Mapping[str, DifferenceClass] = {
    each.name: each
    for each in (
        move_classes.PARTIAL_TO_REFUSED,
        move_classes.REFUSED_TO_PARTIAL,
        move_classes.NEWLY_DAMAGED,
        move_classes.NO_LONGER_DAMAGED,
        move_classes.NEWLY_ALLOWED,
        move_classes.NEWLY_REFUSED,
        move_classes.ERRNO,
        memory_classes.CONTENTS,
        memory_classes.LAYOUT,
        memory_classes.BITS,
        memory_classes.COUNTERS,
        memory_classes.EVENTS,
        move_classes.PLACEMENT,
    )
}
