"""Differences that were accepted before, in a file: whoever keeps one hears of new ones only.

The file is written by the first comparison that names it, and holds by scenario what differs and how. A scenario whose
text has changed since (its digest) is not accepted any more, nor is one that differs in anything else, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError, OutputError
from mremapcheck.base.paths import is_there
from mremapcheck.base.whole_file import write_whole
from mremapcheck.compare.classes import CLASSES
from mremapcheck.outcome.schema import one_of

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison

_SCHEMA = "mremapcheck.baseline/1"
_HINT = "the first `compare --baseline` with a name that is not there yet writes one"
_KEYS = ("class", "where", "a", "b")

#: One difference: its class, where it is, and both sides.
Accepted: TypeAlias = tuple[str, ...]


class Baseline:
    """The accepted differences of a file, or of one that is to be written."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it is there; raises FileError where it is something else."""
        self._path = path
        self._written: list[dict[str, Any]] = []
        self._accepted: dict[tuple[str, str], set[Accepted]] = {}
        self.is_new = not is_there(path)
        if not self.is_new:
            self._read()

    def _read(self) -> None:
        words = {"class": one_of({each.name: each.about for each in CLASSES.values()})}
        try:
            document = read_document(self._path, "baseline", "a baseline", _HINT, words)
        except OSError as error:
            raise FileError(str(self._path), f"it cannot be read: {error.strerror}", _HINT) from None
        for item in document["accepted"]:
            found = {tuple(each[key] for key in _KEYS) for each in item["differences"]}
            self._accepted[item["scenario"], item["digest"]] = found

    def hold(self, comparisons: Iterable[Comparison]) -> Iterator[Comparison]:
        """Yield the comparisons, those as ``accepted`` that differ only as the file says; keep all for ``write``."""
        for comparison in comparisons:
            differences = [each.to_json() for each in comparison.differences]
            if differences:
                facts = [{key: each[key] for key in _KEYS} for each in differences]
                scenario = comparison.scenario
                self._written.append({"scenario": scenario.name, "digest": scenario.digest, "differences": facts})
                known = self._accepted.get((scenario.name, scenario.digest), set())
                if {tuple(each.values()) for each in facts} <= known:
                    comparison = replace(comparison, status="accepted")
            yield comparison

    def write(self) -> int:
        """Write what was seen to the file and return how many scenarios differ; raises OutputError."""
        lines = ",\n".join(json.dumps(item) for item in self._written)
        try:
            write_whole(self._path, f'{{"schema": "{_SCHEMA}", "accepted": [\n{lines}\n]}}\n'.encode())
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from None
        return len(self._written)
