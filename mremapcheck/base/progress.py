"""What is going on, on the terminal that standard error is: one line for each thing that takes its time.

The lines stand below whatever is printed. Standard output mostly is the same terminal, so whoever prints there calls
``hide`` first; the lines come back with the next news.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from mremapcheck.base.text.terminal import one_line

#: Seconds between two drawings: a terminal shows no more.
_PAUSE = 0.1


def columns(stream: TextIO) -> int:
    """Return how wide a terminal is; 80 where it does not say so, as a serial console does not."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


class _Board:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.lines: list[Line] = []
        self.muted = False
        self._drawn = 0
        self._last = 0.0

    def draw(self, now: bool = False) -> None:
        """Draw all lines over themselves."""
        if self.muted or not (now or time.monotonic() - self._last >= _PAUSE) or not sys.stderr.isatty():
            return
        self._last = time.monotonic()
        width = columns(sys.stderr)
        text = self._up() + "".join(f"{one_line(line.text())[: width - 1]}\x1b[K\n" for line in self.lines) + "\x1b[J"
        self._drawn = len(self.lines)
        sys.stderr.write(text)
        sys.stderr.flush()

    def hide(self) -> None:
        """Take the lines off the terminal."""
        if self._drawn and not self.muted:
            sys.stderr.write(f"{self._up()}\x1b[J")
            sys.stderr.flush()
            self._drawn = 0

    def _up(self) -> str:
        return f"\r\x1b[{self._drawn}A" if self._drawn else "\r"


_board = _Board()


class Line:
    """One thing's line: its name, the last that was said of it, and for how long it has been going on.

    Nothing is written where standard error is no terminal.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._said = ""
        self._begun = 0.0

    def say(self, text: str) -> None:
        """Show what is going on."""
        with _board.lock:
            new = self not in _board.lines
            if new:
                self._begun = time.monotonic()
                _board.lines.append(self)
            self._said = text
            _board.draw(now=new)

    def tick(self) -> None:
        """Show that time goes by."""
        with _board.lock:
            if self in _board.lines:
                _board.draw()

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Show that time goes by while something blocks that cannot ``tick`` itself."""
        done = threading.Event()

        def run() -> None:
            while not done.wait(_PAUSE * 5):
                self.tick()

        thread = threading.Thread(target=run, daemon=True)
        if sys.stderr.isatty():
            thread.start()
        try:
            yield
        finally:
            done.set()
            if thread.ident is not None:
                thread.join()

    def clear(self) -> None:
        """Take the line away."""
        with _board.lock:
            if self in _board.lines:
                _board.lines.remove(self)
                _board.hide()

    def text(self) -> str:
        """Return the line as it is shown."""
        seconds = time.monotonic() - self._begun
        return f"{self._name}: {self._said} ({seconds:.0f} s)" if self._name else self._said


def hide() -> None:
    """Take all lines off the terminal, to print something there."""
    with _board.lock:
        _board.hide()


def mute() -> None:
    """Draw nothing in this process: the terminal has the lines of the one that it was forked from."""
    _board.muted = True
