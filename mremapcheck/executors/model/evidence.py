"""Kinds of evidence for the facts of the history; ``history/sources.py`` has it for each change."""

from __future__ import annotations

from enum import Enum
from typing import Any

from mremapcheck.base.dataclass import dataclass


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
