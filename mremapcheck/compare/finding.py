"""What came of one scenario on two kernels, and what tells one mismatch from another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mremapcheck.compare.difference import Difference
from mremapcheck.compare.differences import differences
from mremapcheck.compare.nondeterminism import is_free

if TYPE_CHECKING:
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario

FindingStatus: TypeAlias = Literal["same", "different", "skipped", "refused", "unanswered"]

#: A class besides those of ``compare``: the kernels disagree about an operation on the way, not about mremap.
SETUP = "set-up"

#: And of sweeps (see ``compare.swept_pair``): an outcome that is not allowed when memory runs out, what a kernel says.
OF_SWEEPS = NOT_ALLOWED, KERNEL_REPORT = "not-allowed", "kernel-report"

#: ``moves[3] (case.yaml:12): mprotect failed: EACCES``, as every executor words it.
_FAILURE = re.compile(r"(\S+) \([^)]*\): ([a-z0-9_-]+ (?:failed|did not fail))(: E[A-Z0-9]+| with E[A-Z0-9]+)?")
_FAULTS = ("touch failed", "read failed")
_INDEX = re.compile(r"\[\d+\]|\.[a-z].*")


@dataclass(frozen=True, slots=True)
class Finding:
    """``same`` or ``different``; ``skipped``: a side cannot do it; ``refused``: a set-up step failed alike on both.

    ``unanswered``: a worker or a guest died or hung, which tells nothing of what mremap does.
    """

    status: FindingStatus
    reason: str | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def class_name(self) -> str | None:
        """The class of the worst difference, None without one."""
        return self.differences[0].class_name if self.differences else None

    @property
    def signature(self) -> tuple[str, ...]:
        """What stays the same while a scenario is shrunk: the class, and the words that do not depend on drawings."""
        if not self.differences:
            return ()
        worst = self.differences[0]
        if worst.where.startswith("moves") or worst.class_name == SETUP:
            return worst.class_name, worst.a, worst.b
        return worst.class_name, _INDEX.sub("", worst.where)


_SAME = Finding("same")


def examine(scenario: Scenario, a: Execution, b: Execution) -> Finding:
    """Lay two executions side by side.

    A skip on either side is a skip. Where a set-up step failed the two must agree on that, too: which, and the errno.
    What the kernel is free to choose is no difference (``compare.nondeterminism``).
    """
    if a.agrees(b):
        return _SAME
    if a.status == "skip" or b.status == "skip":
        reasons = [side.reason or "" for side in (a, b) if side.status == "skip"]
        return Finding("skipped", "; ".join(dict.fromkeys(reasons)))
    if a.outcome is None or b.outcome is None:
        one, two = failure(a), failure(b)
        if one is None or two is None:
            trouble = a if one is None else b
            return Finding("unanswered", trouble.reason)
        if one == two:
            return Finding("refused", " ".join(one))
        return Finding("different", None, (Difference(SETUP, f"{one[0]} / {two[0]}".strip(), one[1], two[1]),))
    found = tuple(
        difference
        for difference in differences(scenario, a.outcome, b.outcome)
        if not is_free(difference, scenario, a.outcome, b.outcome)
    )
    return Finding("different", None, found) if found else _SAME


def failure(execution: Execution) -> tuple[str, str] | None:
    """Return where a step failed, and which one with what errno; ("", "ran") where none did; None for other trouble."""
    if execution.outcome is not None:
        return "", "ran"
    found = _FAILURE.search(execution.reason or "")
    if found is None:
        return None
    faults = found[2] in _FAULTS  # nobody returns an errno for a fault: each executor words it in its own way
    return found[1], found[2] + ("" if faults else found[3] or "")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A scenario on which two kernels differ, as plain data: it travels between processes and into state files.

    ``number`` is the scenario's in its source; ``smallest`` the document it was shrunk to, and the rest is of that one.
    ``cause``: ids of changes that, toggled in a model, make the mismatch go away; None where nobody looked.
    """

    number: int
    document: dict[str, Any]
    smallest: dict[str, Any]
    signature: tuple[str, ...]
    differences: tuple[dict[str, Any], ...]
    a: dict[str, Any]
    b: dict[str, Any]
    cause: tuple[str, ...] | None = None

    @property
    def class_name(self) -> str:
        """The class of the worst difference."""
        return self.signature[0]

    def to_json(self) -> dict[str, Any]:
        """Return plain data that ``from_json`` reads."""
        return {
            "number": self.number,
            "document": self.document,
            "smallest": self.smallest,
            "signature": list(self.signature),
            "differences": list(self.differences),
            "a": self.a,
            "b": self.b,
            "cause": None if self.cause is None else list(self.cause),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Mismatch:
        """Read what ``to_json`` gave."""
        cause = data["cause"]
        return cls(
            number=data["number"],
            document=data["document"],
            smallest=data["smallest"],
            signature=tuple(data["signature"]),
            differences=tuple(data["differences"]),
            a=data["a"],
            b=data["b"],
            cause=None if cause is None else tuple(cause),
        )
