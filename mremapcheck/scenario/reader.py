"""What goes with reading one document: where we are in it, what it may refer to, and everything found wrong."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import field
from typing import Any, TypeAlias

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import excerpt, quote

Path: TypeAlias = tuple[str | int, ...]

#: Not more is said about one document.
MOST_VIOLATIONS = 100


class Refused(Exception):  # noqa: N818 - control flow within the reader, never seen outside
    """A value is not what the format asks for; ``at`` leads from where it is raised to the part that is wrong."""

    def __init__(self, message: str, hint: str = "", at: Path = (), on_key: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at
        self.on_key = on_key


class Enough(Exception):  # noqa: N818
    """So much is wrong that nobody wants to know the rest."""


class Unusable(Exception):  # noqa: N818
    """A value cannot be used, and the violations that made it so are already recorded."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong, at a path such as ``("moves", 0, "flags")``; ``on_key``: the key is wrong, not its value."""

    path: Path
    message: str
    hint: str
    on_key: bool


@dataclass(slots=True)
class Reader:
    """The document being read: the names it defines, the path to the value being read, the violations so far.

    Without ``regions`` nobody can tell which names and letters are right, and none is refused.
    ``room`` is how many pages drawings of outcomes may still have.
    """

    regions: Set[str]
    letters: Set[str]
    room: int = 1 << 21
    path: list[str | int] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def refuse(self, refused: Refused) -> None:
        """Record a violation at the present path; raises Enough where there are too many."""
        path = (*self.path, *refused.at)
        self.violations.append(Violation(path, refused.message, refused.hint, refused.on_key))
        if len(self.violations) >= MOST_VIOLATIONS:
            raise Enough


def show(path: Iterable[str | int]) -> str:
    """Return a path as people write it: ``moves[0].flags``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{excerpt(part)}"
    return text.removeprefix(".")


def describe(value: Any) -> str:
    """Name a value of the wrong type in a message."""
    if value is None:
        return "nothing"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {str(value)[:40]}"
    if isinstance(value, str):
        return quote(value)
    return "a list" if isinstance(value, list) else "a mapping"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest of the known words, or all of them if there are few."""
    from difflib import get_close_matches  # only where something is wrong

    names = sorted(known)
    close = get_close_matches(word[:80], names, n=1, cutoff=0.6) or [
        name for name in names if name.lower() == word.lower()
    ]
    if close:
        return f"did you mean `{close[0]}`?"
    if len(names) == 1:
        return f"only `{names[0]}`"
    return "one of " + ", ".join(names) if 1 < len(names) <= 32 else ""
