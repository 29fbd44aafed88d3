"""Standard output as the commands use it: what cannot be written ends the program with a message."""

from __future__ import annotations

import errno
import os
import sys

from mremapcheck.base import progress
from mremapcheck.base.errors import OutputError
from mremapcheck.base.text.terminal import lines, painted


class Stdout:
    """Writes text to standard output; raises OutputError where that fails."""

    #: Whether anything was written since the program began.
    used = False

    def __init__(self) -> None:
        #: Whether what is written may have the colours of ``text.terminal``.
        self.colours = False
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return sys.stdout.isatty()

    def write(self, text: str, /) -> None:
        """Write ``text``, whatever it says: a terminal takes none of it for a command."""
        Stdout.used = True
        progress.hide()
        try:
            sys.stdout.write(painted(text) if self.colours else lines(text))
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
