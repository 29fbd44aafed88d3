"""Every error that mremapcheck raises on purpose.

::

    MremapcheckError                 shown to the user as one or more lines, never as a traceback
    ├── ScenarioError                a file that does not load: all its Problems at once
    ├── FileError                    any other file that is not what it should be
    ├── KernelReferenceError           a kernel reference, version or range that cannot be read
    ├── ExecutorError                an executor that cannot work at all (no QEMU, no privilege)
    ├── NothingSelectedError         a selection without any scenario
    └── OutputError                  a report that cannot be written (full disk, closed pipe)

Only ``cli`` turns them into text and an exit code.
"""

from __future__ import annotations

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import one_line


class MremapcheckError(Exception):
    """A user's mistake or the machine's limit: has a message, and a hint where there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a scenario file; ``line`` and ``column`` count from 1, 0 where there is no text."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    level: str = "error"

    def to_json(self) -> dict[str, str | int]:
        """Return an item of ``problems``."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "level": self.level,
            "message": self.message,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}:" if self.line else ""
        text = f"{one_line(self.path)}:{place} {self.level}: {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class ScenarioError(MremapcheckError):
    """A scenario file (or document) that does not load."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FileError(MremapcheckError):
    """A file that holds something else than it should: a recording, a campaign's state, a log."""

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.path = path

    def __str__(self) -> str:
        return f"{one_line(self.path)}: error: {super().__str__()}"


class KernelReferenceError(MremapcheckError):
    """A kernel reference, version or range that cannot be read, or names nothing."""


class ExecutorError(MremapcheckError):
    """An executor cannot start or cannot go on; single scenarios report their trouble in their Execution instead."""


class NothingSelectedError(MremapcheckError):
    """No scenario was selected: an empty run is never a success."""


class OutputError(MremapcheckError):
    """A report cannot be written; ``silent`` where the reader of a pipe has simply read enough."""

    def __init__(self, message: str, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent
