"""For programs: one JSON document (schemas: ``mremapcheck schema``), a line for each result, written as it comes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mremapcheck import __version__
from mremapcheck.outcome.status import OF_RUN
from mremapcheck.report.base import STATUSES, Header, Tally
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.report.base import Item, Output

TOOL = f"mremapcheck {__version__}"

#: What the reports that have results say of kernels before any was asked.
_UNBEGUN: Mapping[str, Mapping[str, Any]] = {
    "run": {"kernel": None},
    "compare": {"kernels": None},
    "matrix": {"kernels": None},
    "faults": {"kernel": None, "other": None, "oracle": False},
    "since": {},
}


class Json:
    """Valid whenever ``finish`` was called, however early."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._out = out
        self._separator = "\n"

    def start(self) -> None:
        """Write what is known before the first result."""
        kernels = [kernel.to_json() for kernel in self._header.kernels]
        keys: dict[str, Any]
        if self._header.report == "run":
            keys = {"kernel": kernels[0]}
        elif self._header.report == "compare":
            keys = {"kernels": dict(zip("ab", kernels, strict=True))}
        else:
            keys = {"kernels": kernels}
        head = _dump({"schema": f"mremapcheck.{self._header.report}/1", "tool": TOOL, **keys})
        self._out.write(f'{head[:-1]}, "results": [')

    def add(self, item: Item) -> None:
        """Write one result."""
        self._out.write(self._separator + _dump(item.to_json()))
        self._separator = ",\n"

    def finish(self, tally: Tally) -> None:
        """Write the summary, with ``"trouble"`` where the run ended early, and close the document."""
        statuses = STATUSES[self._header.report]
        counts = {name: count for name, count in tally.counts.items() if count or not statuses[name].on_request}
        tail: dict[str, Any] = {"summary": counts}
        if tally.trouble is not None:
            tail["trouble"] = tally.trouble
        self._out.write(f"\n], {_dump(tail)[1:]}\n")


def problems_document(report: str, problems: Sequence[Mapping[str, Any]]) -> str:
    """Return the document of a command that came to nothing, and why: a report without kernel and results.

    Of a command whose report has no results it is one that has problems alone.
    """
    if report not in _UNBEGUN:
        return _dump({"schema": "mremapcheck.problems/1", "tool": TOOL, "problems": list(problems)}) + "\n"
    document: dict[str, Any] = {"schema": f"mremapcheck.{report}/1", "tool": TOOL, **_UNBEGUN[report], "results": []}
    statuses = {"faults": OF_RUN, **{str(name): each for name, each in STATUSES.items()}}.get(report)
    if statuses:
        document["summary"] = {name: 0 for name, each in statuses.items() if not each.on_request}
    return _dump({**document, "problems": list(problems)}) + "\n"


def _dump(data: Any) -> str:
    return json.dumps(data)


REPORTER = Json
