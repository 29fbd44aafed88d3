"""What a campaign leaves in its folder: the state from which it can be taken up again, and a file for each group."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError, MremapcheckError, OutputError, ScenarioError
from mremapcheck.base.paths import is_there
from mremapcheck.base.whole_file import write_whole
from mremapcheck.campaign.campaign import Campaign, Totals
from mremapcheck.campaign.group import Group
from mremapcheck.campaign.write import write
from mremapcheck.outcome.schema import WORDS
from mremapcheck.scenario.parse import parse_document

_FILE = "state.json"
_SCHEMA = "mremapcheck.fuzz-state/1"


class Folder:
    """The folder of a campaign. Without a path nothing is written."""

    def __init__(self, path: Path | None, plan: Campaign) -> None:
        self._path = path
        self._plan = plan
        self._saved = 0.0

    def start(self, resume: bool) -> Totals:
        """Return the tally to go on from, a new one without ``resume``.

        Raises MremapcheckError where the folder holds another campaign, or one that would be overwritten.
        """
        if self._path is None:
            if resume:
                raise MremapcheckError("--resume needs the folder of the campaign", "name it with --out")
            return Totals()
        file = self._path / _FILE
        if not is_there(file):
            with reporting_failures(self._path):  # not later, when something has run that could not be kept
                return Totals()
        if not resume:
            raise MremapcheckError(f"{self._path} holds a campaign", "go on with --resume, or name another folder")
        stored = self._read(file)
        if stored["plan"] != json.loads(json.dumps(self._plan.to_json())):
            raise MremapcheckError(
                f"{self._path} holds another campaign: {_what_differs(stored['plan'], self._plan.to_json())}",
                "give the same kernels, seed and bounds, or another folder",
            )
        return Totals.from_json(stored)

    def found(self, groups: list[Group]) -> None:
        """Write the scenario files of new or smaller groups."""
        if self._path is not None:
            with reporting_failures(self._path):
                for group in groups:
                    write(group, (self._plan.a, self._plan.b), self._path)

    def save(self, tally: Totals, now: bool = False) -> None:
        """Write the state, at most once a second unless ``now``; a reader never sees half of one."""
        if self._path is None or (not now and time.monotonic() - self._saved < 1):
            return
        text = json.dumps({"schema": _SCHEMA, "plan": self._plan.to_json(), **tally.to_json()}, indent=1)
        with reporting_failures(self._path):
            write_whole(self._path / _FILE, text.encode())
        self._saved = time.monotonic()

    def _read(self, file: Path) -> dict[str, Any]:
        hint = "name another folder with --out"
        try:
            stored = read_document(file, "fuzz-state", "the state of a campaign", hint, WORDS)
        except OSError as error:
            raise MremapcheckError(f"{file} cannot be read: {error.strerror}", hint) from None
        for group in stored["groups"]:
            for key in ("document", "smallest"):
                try:
                    parse_document(group[key])
                except ScenarioError as error:
                    what = f"{key} of {group['name']}: {error.problems[0].message}"
                    raise FileError(str(file), f"this is not the state of a campaign: {what}", hint) from None
        return stored


@contextmanager
def reporting_failures(folder: Path) -> Iterator[None]:
    """Raise OutputError where something cannot be written to a folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from None


def _what_differs(stored: dict[str, Any], wanted: dict[str, Any]) -> str:
    return ", ".join(f"{key} is {stored.get(key)} there" for key in wanted if stored.get(key) != wanted[key])
