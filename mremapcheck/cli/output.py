"""Standard output as the commands use it: what cannot be written ends the program with a message."""

from __future__ import annotations

import errno
import os
import sys

from mremapcheck.base import progress
from mremapcheck.base.errors import OutputError


class Stdout:
    """Writes text to standard output; raises OutputError where that fails."""

    #: Whether anything was written since the program began.
    used = False

    def __init__(self) -> None:
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return sys.stdout.isatty()

    def write(self, text: str, /) -> None:
        """Write ``text``."""
        Stdout.used = True
        progress.hide()
        try:
            sys.stdout.write(text)
        except OSError as error:
            raise given_up(error) from None

    def flush(self) -> None:
        """Flush what was written."""
        try:
            sys.stdout.flush()
        except OSError as error:
            raise given_up(error) from None


def given_up(error: OSError) -> OutputError:
    """Return what to tell of an error of standard output, to which nothing more is written from here on."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass
    if error.errno == errno.EPIPE:
        return OutputError("the reader of the output went away", silent=True)
    return OutputError(f"the output cannot be written: {error.strerror}")
