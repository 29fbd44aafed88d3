"""The evidence for every commit id, first release and stable update of the history.

Each change has it as text, a piece a line: which fact, how it is known, and where from; what is indented goes on with
the line above::

    commit cited: by fixes: "Fixes: e346b3813067 ..."
    release measured: lacks 5.4.286, has 5.10.218 (art-collector-space-in-two)
    6.1.191 changelog
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.pipeline import HistoryError

#: How a fact can be known, and whether that proves it.
BASES: Mapping[str, bool] = {
    "listed": True,  # logs of pushes to public trees list the commit with its subject
    "cited": True,  # later commits, mails, advisories or tests name it
    "manual": True,  # a manual page says so
    "changelog": True,  # a distribution's changelog repeats upstream's for that update
    "announced": True,  # the announcement of that update lists it
    "reviewed": True,  # the patch was part of the review of that update
    "sources": True,  # packaged sources on both sides of the release
    "measured": False,  # kernels that were recorded on both sides: it came somewhere between them
    "queued": False,  # a candidate of that update has it; the update itself was not seen
    "inferred": False,  # from what else is known; says what was looked for, and where
}

#: What a piece of evidence is of, where it is not a stable update.
COMMIT = "commit"
RELEASE = "release"

_PIECE = re.compile(r"(?P<fact>\S+) (?P<basis>\w+)(?:: (?P<source>.+))?")
_MEASURED = re.compile(r"(?:lacks (?P<lacks>[^\s,]+))?(?:, )?(?:has (?P<has>\S+))? \((?P<scenario>\S+)\)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: ``fact`` is COMMIT, RELEASE or a stable update (``6.1.3``), ``source`` says where it was found.

    Of what was measured, ``lacks`` and ``has`` are the nearest recorded kernels, and ``scenario`` shows it on both.
    """

    fact: str
    basis: str
    source: str = ""
    lacks: str = ""
    has: str = ""
    scenario: str = ""

    @property
    def text(self) -> str:
        """The source in words."""
        if self.basis != "measured":
            return self.source
        sides = [f"{kernel} {verb} it" for kernel, verb in ((self.lacks, "lacks"), (self.has, "has")) if kernel]
        return f"{', '.join(sides)} (scenario {self.scenario})"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``evidence`` of a change."""
        return {"fact": self.fact, "kind": self.basis, "certain": BASES[self.basis], "source": self.text}


@cache
def evidence_of(change: Change) -> tuple[Evidence, ...]:
    """Return what is known of a change's facts, in the order commit, release, stable updates."""
    lines = re.sub(r"\n +", " ", re.sub(r"(?m)^ {12}", "", change.evidence)).strip().splitlines()
    return tuple(_pieces(lines))


def _pieces(lines: list[str]) -> Iterator[Evidence]:
    for line in lines:
        piece = _PIECE.fullmatch(line)
        if piece is None or piece["basis"] not in BASES:
            raise HistoryError(f"this is no evidence: {line}")
        fact, basis, source = piece["fact"], piece["basis"], piece["source"]
        measured = _MEASURED.fullmatch(source or "") if basis == "measured" else None
        if measured:
            yield Evidence(
                fact, basis, lacks=measured["lacks"] or "", has=measured["has"] or "", scenario=measured["scenario"]
            )
        elif source is None and basis == "changelog":
            yield Evidence(fact, basis, f"the changelog of the distribution's package lists it under ChangeLog-{fact}")
        else:
            yield Evidence(fact, basis, source or "")


def is_certain(change: Change, fact: str) -> bool:
    """Tell whether any evidence proves a fact of the change."""
    return any(BASES[piece.basis] for piece in evidence_of(change) if piece.fact == fact)
