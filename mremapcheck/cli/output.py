"""Standard output as the commands use it: what cannot be written ends the program with a message."""

from __future__ import annotations

import errno
import os
import sys

from mremapcheck import progress
from mremapcheck.errors import OutputError


class Stdout:
    """Writes text to standard output; raises OutputError where that fails."""

    #: Whether anything was written in this process.
    used = False

    def __init__(self) -> None:
        if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return sys.stdout is not None and sys.stdout.isatty()

    def write(self, text: str, /) -> None:
        """Write ``text``."""
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        Stdout.used = True
        progress.hide()
        try:
            sys.stdout.write(text)
        except OSError as error:
            raise _given_up(error) from None

    def flush(self) -> None:
        """Flush what was written."""
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        try:
            sys.stdout.flush()
        except OSError as error:
            raise _given_up(error) from None


def _given_up(error: OSError) -> OutputError:
    """Let nothing more be written, not even by the interpreter as it ends."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass
    if error.errno == errno.EPIPE:
        return OutputError("the reader of the output went away", silent=True)
    return OutputError(f"the output cannot be written: {error.strerror}")
