"""What a traced run tells: one Note for each step that decided something."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.vma import Vma
from mremapcheck.outcome.outcome import Note


class Trace:
    """Collects notes; ``step`` and ``change`` are those of the step that runs now (see ``pipeline.follow``).

    ``within`` is the step that this one is part of, "" where it is none's.
    """

    __slots__ = ("_formatter", "change", "notes", "step", "within")

    def __init__(self, place_of: Callable[[int], str]) -> None:
        self.notes: list[Note] = []
        self.step = ""
        self.within = ""
        self.change: str | None = None
        self._formatter = _Formatter(place_of)

    def note(self, text: str, *args: object) -> None:
        """Note a decision. ``{}`` shows a Vma as its letter and place; ``{:at}`` an address, ``{:pages}`` a size."""
        self.notes.append(Note(self.step, self._formatter.format(text, *args), self.change))


class _Formatter(Formatter):
    def __init__(self, place_of: Callable[[int], str]) -> None:
        self._place_of = place_of

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Vma):
            return f"{value.label} at [{self._place_of(value.start)}, {self._place_of(value.end)})"
        if isinstance(value, int):
            if format_spec == "at":
                return self._place_of(value)
            if format_spec == "pages":
                return f"{value >> PAGE_SHIFT}p"
        return str(super().format_field(value, format_spec))
