"""Keeping a run in a file while it is reported, for ``recorded:FILE`` later on."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

from mremapcheck.base.errors import OutputError
from mremapcheck.base.text_files import open_text
from mremapcheck.report.json import Json
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.report.base import Header, Item, Reporter, Tally


class Recording:
    """A reporter that writes the JSON report to a file (compressed where its name ends in .xz) beside another one."""

    def __init__(self, reporter: Reporter, header: Header, path: Path) -> None:
        """Create the file; raises OutputError where that fails."""
        self._reporter = reporter
        self._file = _File(path)
        self._json = Json(header, self._file, Style(), False)

    def start(self) -> None:
        """Begin both."""
        self._json.start()
        self._reporter.start()

    def add(self, item: Item) -> None:
        """Write one result to both."""
        self._json.add(item)
        self._reporter.add(item)

    def finish(self, tally: Tally) -> None:
        """Close both."""
        self._json.finish(tally)
        self._file.close()
        self._reporter.finish(tally)


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[str] = open_text(path, "w")
        except OSError as error:
            raise self._trouble(error) from None

    def write(self, text: str, /) -> None:
        try:
            self._file.write(text)
        except OSError as error:
            raise self._trouble(error) from None

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise self._trouble(error) from None

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> OutputError:
        return OutputError(f"{self._path} cannot be written: {error.strerror}")
