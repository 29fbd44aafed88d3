"""What virtual machines are doing, one line each, on a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time

_lock = threading.Lock()
_lines: list[Line] = []
_drawn = 0


class Line:
    """One line of the board; nothing is written where standard error is no terminal."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = time.monotonic()
        self.text = ""

    def say(self, text: str) -> None:
        """Show what is going on."""
        with _lock:
            if self not in _lines:
                self._begun = time.monotonic()
                _lines.append(self)
            self.text = f"{self._name}: {text}, {time.monotonic() - self._begun:.0f} s"
            _draw()

    def clear(self) -> None:
        """Take the line away."""
        with _lock:
            if self in _lines:
                _lines.remove(self)
                _draw()


def line(name: str) -> Line:
    """Return a line for the virtual machine of this name; it shows when something is said."""
    return Line(name)


def _draw() -> None:
    """Draw the board over itself: up to its first line, each line anew, the rest of the screen cleared."""
    global _drawn
    if not sys.stderr.isatty():
        return
    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        width = 80
    text = f"\x1b[{_drawn}A" if _drawn else ""
    text += "\r" + "".join(f"{each.text[: width - 1]}\x1b[K\n" for each in _lines) + "\x1b[J"
    _drawn = len(_lines)
    sys.stderr.write(text)
    sys.stderr.flush()
