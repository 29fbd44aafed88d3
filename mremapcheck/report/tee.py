"""Reports that go to several places at once: what somebody looks at, and files besides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mremapcheck.base.errors import OutputError
from mremapcheck.base.interrupts import held
from mremapcheck.base.text_files import open_text

if TYPE_CHECKING:
    from mremapcheck.report.base import Item, Reporter, Tally


class Tee:
    """Reporters that are given the same items, in this order, the last of which is on standard output.

    ``files`` are closed with the reports.
    """

    def __init__(self, reporters: Sequence[Reporter], files: Sequence[OutputFile]) -> None:
        self._reporters = reporters
        self._files = files

    def start(self) -> None:
        """Begin all."""
        for reporter in self._reporters:
            reporter.start()

    def add(self, item: Item) -> None:
        """Write one item to all."""
        for reporter in self._reporters:
            reporter.add(item)

    def finish(self, tally: Tally) -> None:
        """Close all: files whole, whatever signal comes; standard output last, as its reader may be in no hurry."""
        *in_files, shown = self._reporters
        with held():
            for reporter in in_files:
                reporter.finish(tally)
            for file in self._files:
                file.close()
        shown.finish(tally)


class OutputFile:
    """A file that a report goes to, compressed where its name ends in .xz; raises OutputError where that fails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._is_empty = True

    def open(self) -> None:
        """Make it, before there is anything to write, so that nothing is done in vain where that fails."""
        try:
            self._file = open_text(self._path, "w")
        except OSError as error:
            raise self._trouble(error) from None

    def write(self, text: str, /) -> None:
        """Write ``text``."""
        assert self._file is not None
        self._is_empty = False
        try:
            self._file.write(text)
        except OSError as error:
            raise self._trouble(error) from None

    def flush(self) -> None:
        """Let others see what was written."""
        assert self._file is not None
        try:
            self._file.flush()
        except OSError as error:
            raise self._trouble(error) from None

    def close(self) -> None:
        """Write what is left."""
        assert self._file is not None
        try:
            self._file.close()
        except OSError as error:
            raise self._trouble(error) from None

    def leave_nothing_empty(self) -> None:
        """Take the file away again where nothing came to be written: it would be no report."""
        if self._file is not None and self._is_empty and self._path.is_file() and not self._path.is_symlink():
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _trouble(self, error: OSError) -> OutputError:
        return OutputError(f"{self._path} cannot be written: {error.strerror}")
