"""Exit codes: which there are, and which of them a report, or an error, comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mremapcheck.base.errors import ExecutorError, NothingSelectedError, OutputError

if TYPE_CHECKING:
    from mremapcheck.report.base import Tally

GOOD = 0
BAD = 1
USAGE = 2
NOTHING_RAN = 4
BUG = 70
NO_OUTPUT = 74
CANNOT_TELL = 125
STOP = 129
INTERRUPTED = 130

#: What each means, for the manual.
ABOUT = {
    GOOD: "`run`: nothing was not as expected; `compare`: no difference, or only accepted ones",
    BAD: "`run`: something was not as expected, or broke on the way; `compare`: something differs",
    USAGE: "usage, or a scenario that does not load (nothing ran)",
    NOTHING_RAN: "nothing ran: all skipped, nothing selected, or the kernel could not be asked",
    BUG: "a bug in mremapcheck",
    NO_OUTPUT: "the report could not be written: the disk is full, or its reader went away",
    INTERRUPTED: "Ctrl-C; what there was has been reported. 129 and 143 likewise for SIGHUP and SIGTERM",
}
#: The same with ``--bisect``, for ``git bisect run``.
BISECT_ABOUT = {
    GOOD: "good (old): all is as expected",
    BAD: "bad (new): something is not as expected",
    CANNOT_TELL: "this kernel cannot tell: skipped, nothing expected of it, did not boot",
    STOP: "stop the bisection: usage, a bad scenario, a bug of ours, a report that cannot be written",
    INTERRUPTED: "Ctrl-C, which stops it as well",
}


def of_signal(number: int) -> int:
    """Return the exit code for a signal that ended everything, as a shell has it."""
    return 128 + number


def of_run(tally: Tally, bisect: bool) -> int:
    """Return the exit code of a run or a matrix."""
    counts = tally.counts
    if counts["fail"]:
        return BAD
    if bisect:
        # One scenario that cannot tell makes the whole kernel one that cannot: "good" would mislead the bisection.
        return GOOD if counts["pass"] and counts["pass"] == tally.total and not tally.error else CANNOT_TELL
    if tally.total == counts["skip"]:
        return NOTHING_RAN
    return BAD if counts["error"] or tally.error else GOOD


def of_counts(counts: Mapping[str, int]) -> int:
    """Return the exit code of sweeps, counted by status."""
    if counts["fail"] or counts["error"]:
        return BAD
    return NOTHING_RAN if sum(counts.values()) == counts["skip"] else GOOD


def of_comparison(tally: Tally, bisect: bool) -> int:
    """Return the exit code of a comparison."""
    counts = tally.counts
    if counts["different"]:
        return BAD
    if bisect:
        alike = counts["same"] + counts["accepted"]
        return GOOD if alike and alike == tally.total and not tally.error else CANNOT_TELL
    if tally.total == counts["skipped"]:
        return NOTHING_RAN
    return BAD if counts["error"] or tally.error else GOOD


def of_error(error: BaseException, bisect: bool) -> int:
    """Return the exit code for an error on purpose that ended everything."""
    if isinstance(error, ExecutorError):
        return CANNOT_TELL if bisect else NOTHING_RAN
    if bisect:
        return STOP
    if isinstance(error, OutputError):
        return NO_OUTPUT
    return NOTHING_RAN if isinstance(error, NothingSelectedError) else USAGE
