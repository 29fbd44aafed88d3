"""The evidence for every commit id, first release and stable update of the history.

Each change has it as text, a piece a line: which fact, how it is known, and where from; what is indented goes on with
the line above::

    commit cited: by fixes: "Fixes: e346b3813067 ..."
    release measured: lacks 5.4.286, has 5.10.218 (art-collector-space-in-two)
    6.1.191 changelog
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.pipeline import HistoryError


class Basis(Enum):
    """How something is known; ``certain`` tells whether it proves the fact."""

    LISTED = ("listed", True)  #: logs of pushes to public trees list the commit with its subject
    CITED = ("cited", True)  #: later commits, mails, advisories or tests name it
    MANUAL = ("manual", True)  #: a manual page says so
    CHANGELOG = ("changelog", True)  #: a distribution's changelog repeats upstream's for that update
    ANNOUNCED = ("announced", True)  #: the announcement of that update lists it
    REVIEWED = ("reviewed", True)  #: the patch was part of the review of that update
    SOURCES = ("sources", True)  #: packaged sources on both sides of the release
    MEASURED = ("measured", False)  #: kernels that were recorded on both sides: it came somewhere between them
    QUEUED = ("queued", False)  #: a candidate of that update has it; the update itself was not seen
    INFERRED = ("inferred", False)  #: from what else is known; says what was looked for, and where

    def __init__(self, word: str, certain: bool) -> None:
        self.word = word
        self.certain = certain


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
    basis: Basis
    source: str = ""
    lacks: str = ""
    has: str = ""
    scenario: str = ""

    @property
    def text(self) -> str:
        """The source in words."""
        if self.basis is not Basis.MEASURED:
            return self.source
        sides = [f"{kernel} {verb} it" for kernel, verb in ((self.lacks, "lacks"), (self.has, "has")) if kernel]
        return f"{', '.join(sides)} (scenario {self.scenario})"

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``evidence`` of a change."""
        return {"fact": self.fact, "kind": self.basis.word, "certain": self.basis.certain, "source": self.text}


@cache
def evidence_of(change: Change) -> tuple[Evidence, ...]:
    """Return what is known of a change's facts, in the order commit, release, stable updates."""
    lines = re.sub(r"\n +", " ", re.sub(r"(?m)^ {12}", "", change.evidence)).strip().splitlines()
    return tuple(_pieces(lines))


def _pieces(lines: list[str]) -> Iterator[Evidence]:
    bases = {basis.word: basis for basis in Basis}
    for line in lines:
        piece = _PIECE.fullmatch(line)
        if piece is None or piece["basis"] not in bases:
            raise HistoryError(f"this is no evidence: {line}")
        fact, basis, source = piece["fact"], bases[piece["basis"]], piece["source"]
        measured = _MEASURED.fullmatch(source or "") if basis is Basis.MEASURED else None
        if measured:
            yield Evidence(
                fact, basis, lacks=measured["lacks"] or "", has=measured["has"] or "", scenario=measured["scenario"]
            )
        elif source is None and basis is Basis.CHANGELOG:
            yield Evidence(fact, basis, f"the changelog of the distribution's package lists it under ChangeLog-{fact}")
        else:
            yield Evidence(fact, basis, source or "")


def is_certain(change: Change, fact: str) -> bool:
    """Tell whether any evidence proves a fact of the change."""
    return any(piece.basis.certain for piece in evidence_of(change) if piece.fact == fact)
