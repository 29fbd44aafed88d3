"""What may become of a scenario, in a word.

A status is one entry here; reports, summaries and schemas are made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

#: What a test harness knows.
Harness: TypeAlias = Literal["pass", "fail", "skip", "error"]


class Status(NamedTuple):
    """A status: ``about`` explains it, ``harness`` is what the formats of test harnesses call it.

    ``on_request``: it needs an option, and a summary leaves it out where there are none. ``is_new``: reports that were
    kept before there was such a status do not count it.
    """

    name: str
    about: str
    harness: Harness
    on_request: bool = False
    is_new: bool = False

    @property
    def is_bad(self) -> bool:
        """Tell whether somebody should look at it."""
        return self.harness in ("fail", "error")


def _by_name(*statuses: Status) -> Mapping[str, Status]:
    return {status.name: status for status in statuses}


#: Of a scenario on one kernel, in the order of a summary.
OF_RUN = _by_name(
    Status("pass", "all is as expected", "pass"),
    Status("fail", "something is not as expected", "fail"),
    Status("unchecked", "it ran, and nothing is expected of this kernel", "skip", is_new=True),
    Status("skip", "this kernel, or this user, cannot do what the scenario needs", "skip"),
    Status("error", "a step on the way failed, or the executor did", "error"),
)
#: Of a scenario on two kernels.
OF_COMPARISON = _by_name(
    Status("same", "both did the same", "pass"),
    Status("different", "they differ", "fail"),
    Status("accepted", "they differ as the baseline says", "pass", on_request=True),
    Status("skipped", "one of them, or both, cannot do what the scenario needs", "skip"),
    Status("error", "one of them gave no outcome, for a reason that says nothing about it", "error"),
)
