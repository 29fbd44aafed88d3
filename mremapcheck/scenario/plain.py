"""From text to plain data: YAML or JSON to mappings, lists, text, whole numbers, true, false and nothing.

Only YAML's structure is taken from YAML. What a plain scalar means is decided here, and less is more: ``true``,
``false``, ``null`` and decimal numbers; everything else is the text that was written, so ``kernel: 6.10`` stays 6.10,
``off`` is no boolean and a commit ``1e10`` no number. Tags, aliases and merge keys are refused where they stand, so
that no file is larger than it looks. Parsing works on events, without recursion in C, and stops at a depth no scenario
needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.reader import MOST_VIOLATIONS, Path

#: No scenario is nested more deeply, and no file holds more documents.
DEEPEST = 12
MOST_DOCUMENTS = 10_000
#: Values in one file: a thousand moves, or a few thousand short scenarios, have fewer.
MOST_VALUES = 200_000

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile("-?(?:0|[1-9][0-9]{0,19})")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|[\ufffe\uffff]")


_YAML = "text with `: `, ` #`, or a special character at its beginning wants quotes; indent with spaces"
_JSON = "in JSON all keys and text stand in double quotes, and no comma behind the last item"
_SIMPLER = "no scenario needs that"
_TWICE = "leave one of them out"


class Mistake(NamedTuple):
    """Something wrong with the text itself; ``line`` and ``column`` from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


class Mark(Protocol):
    """A place in a text, from 0."""

    line: int
    column: int


@dataclass(slots=True)
class Marks:
    """Where the keys and values of a document stand; nothing is computed until somebody asks."""

    root: Any
    start: Mark
    #: id of a mapping -> key -> marks of key and value; id of a list -> marks of its items.
    inside: dict[int, dict[Any, tuple[Mark, Mark]]] = field(default_factory=dict)

    def __call__(self, path: Path, on_key: bool = False) -> tuple[int, int]:
        """Return line and column from 1; of the innermost part that is there, if not all of the path is."""
        value, found = self.root, (self.start, self.start)
        for part in path:
            children = self.inside.get(id(value))
            if children is None or part not in children:
                return found[1].line + 1, found[1].column + 1
            found = children[part]
            value = value[part]
        mark = found[0] if on_key else found[1]
        return mark.line + 1, mark.column + 1


@dataclass(slots=True)
class Plain:
    """One document. ``mistakes`` concern its structure; where it is not ``whole``, parts of it could not be read."""

    data: Any
    marks: Marks | None
    mistakes: list[Mistake] = field(default_factory=list)
    whole: bool = True

    @property
    def line(self) -> int:
        """The line on which it begins, from 1."""
        return self.marks.start.line + 1 if self.marks else 1


def read_yaml(text: str) -> tuple[list[Plain], Mistake | None]:
    """Return the documents of a YAML text, and what stopped the reading, if something did."""
    import yaml

    if found := _UNPRINTABLE.search(text):
        message = f"character {ord(found[0]):#x} has no place in a text"
        return [], _at(text, found.start(), message, "take it out")
    builder = _Builder(_parser()(text))
    try:
        builder.run()
    except _TooMuch as error:
        return builder.documents, Mistake(error.mark.line + 1, error.mark.column + 1, str(error), _SIMPLER)
    except yaml.MarkedYAMLError as error:
        problem_mark = error.problem_mark or error.context_mark
        line, column = (problem_mark.line + 1, problem_mark.column + 1) if problem_mark else (1, 1)
        what = error.problem or "it ends too early"
        if what.startswith("exceeded maximum nesting depth"):  # libyaml's own, which it meets first
            return builder.documents, Mistake(line, column, _too_deep(), _SIMPLER)
        if error.context and error.context_mark:
            what += f", {error.context} that begins on line {error.context_mark.line + 1}"
        lines = text.splitlines()[line - 1 : line]
        tab = bool(lines) and lines[0].lstrip(" ").startswith("\t")
        hint = "YAML takes no tabs for indentation" if tab else _YAML
        return builder.documents, Mistake(line, column, f"this is not YAML: {what}", hint)
    except yaml.YAMLError as error:
        return builder.documents, Mistake(1, 1, f"this is not YAML: {error}", _YAML)
    return builder.documents, None


def read_json(text: str) -> tuple[list[Plain], Mistake | None]:
    """Return the one document of a JSON text, or what is wrong with it."""
    import json

    mistakes: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in pairs:
            if name in data:
                mistakes.append(f"key {quote(name)} is there twice")
            data.setdefault(name, value)
        return data

    try:
        data = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        return [], Mistake(error.lineno, error.colno, f"this is not JSON: {error.msg}", _JSON)
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of thousands of digits
        what = "nested too deeply" if isinstance(error, RecursionError) else "a number of thousands of digits"
        return [], Mistake(1, 1, f"this is not JSON that a scenario could be: {what}", _SIMPLER)
    # Positions come from reading the same text as YAML; where YAML disagrees with JSON there are none.
    documents, _ = read_yaml(text)
    marks = documents[0].marks if len(documents) == 1 else None
    if documents and documents[0].mistakes:
        return [Plain(data, marks, documents[0].mistakes)], None
    return [Plain(data, marks, [Mistake(1, 1, message, _TWICE) for message in mistakes])], None


def _too_deep() -> str:
    return f"nested more than {DEEPEST} levels deep"


def _at(text: str, position: int, message: str, hint: str) -> Mistake:
    before = text[:position]
    return Mistake(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1, message, hint)


def own_value(text: str) -> Any:
    """Return what this program takes a scalar without quotes for."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if text[0] in "-0123456789" and _NUMBER.fullmatch(text) else text


@lru_cache(maxsize=1)
def _parser() -> Callable[[str], Any]:
    import yaml

    if yaml.__with_libyaml__:
        from yaml import cyaml

        return cyaml.CParser  # type: ignore[attr-defined]  # the stubs hide it
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PureParser


class _TooMuch(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.mark = mark


class _Builder:
    """Builds documents from a parser's events."""

    def __init__(self, parser: Any) -> None:
        import yaml.events

        events: Any = yaml.events
        self.documents: list[Plain] = []
        self._next = parser.get_event
        self._scalar = events.ScalarEvent
        self._mapping_start = events.MappingStartEvent
        self._mapping_end = events.MappingEndEvent
        self._sequence_end = events.SequenceEndEvent
        self._alias = events.AliasEvent
        self._document_start = events.DocumentStartEvent
        self._inside: dict[int, dict[Any, tuple[Mark, Mark]]] = {}
        self._mistakes: list[Mistake] = []
        self._whole = True
        self._values = 0

    def run(self) -> None:
        """Read to the end of the text."""
        while (event := self._next()) is not None:
            if type(event) is self._document_start:
                if len(self.documents) == MOST_DOCUMENTS:
                    raise _TooMuch(f"more than {MOST_DOCUMENTS} documents in one file", event.start_mark)
                self._document()

    def _document(self) -> None:
        self._inside, self._mistakes, self._whole = {}, [], True
        event = self._next()
        data = self._value(event, 0)
        marks = Marks(data, event.start_mark, self._inside)
        self.documents.append(Plain(data, marks, self._mistakes, self._whole))

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        self._values += 1
        if self._values > MOST_VALUES:
            raise _TooMuch(f"more than {MOST_VALUES} values in one file", event.start_mark)
        if kind is self._alias:
            self._refuse(event, f"alias `*{event.anchor}`: a scenario has no aliases", "write the value out")
            return None
        if event.tag is not None:
            mark = event.start_mark
            message = f"tag {quote(event.tag)}: a scenario has no tags"
            self._mistake(Mistake(mark.line + 1, mark.column + 1, message, "leave it out"))
        if kind is self._scalar:
            return self._scalar_value(event)
        if depth == DEEPEST:
            raise _TooMuch(_too_deep(), event.start_mark)
        if kind is self._mapping_start:
            return self._mapping_value(depth + 1)
        return self._sequence_value(depth + 1)

    def _scalar_value(self, event: Any) -> Any:
        return own_value(event.value) if event.implicit[0] else event.value

    def _sequence_value(self, depth: int) -> list[Any]:
        items: list[Any] = []
        marks: dict[Any, tuple[Mark, Mark]] = {}
        self._inside[id(items)] = marks
        while type(event := self._next()) is not self._sequence_end:
            mark = event.start_mark
            marks[len(items)] = (mark, mark)
            items.append(self._value(event, depth))
        return items

    def _mapping_value(self, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        marks: dict[Any, tuple[Mark, Mark]] = {}
        self._inside[id(data)] = marks
        while type(event := self._next()) is not self._mapping_end:
            if type(event) is not self._scalar or event.tag is not None:
                self._refuse(event, "a key is plain text", "no lists, mappings, aliases or tags")
                self._value(event, depth)
                self._value(self._next(), depth)
                continue
            key = event.value
            value_event = self._next()
            value = self._value(value_event, depth)
            if key in data:
                mark = event.start_mark
                first = marks[key][0].line + 1
                message = f"key {quote(key)} is there twice, first on line {first}"
                self._mistake(Mistake(mark.line + 1, mark.column + 1, message, _TWICE))
            elif key == "<<" and event.implicit[0]:
                self._refuse(event, "a scenario has no merge keys", "write the keys out")
            else:
                data[key] = value
                marks[key] = (event.start_mark, value_event.start_mark)
        return data

    def _refuse(self, event: Any, message: str, hint: str) -> None:
        mark = event.start_mark
        self._mistake(Mistake(mark.line + 1, mark.column + 1, message, hint))
        self._whole = False

    def _mistake(self, mistake: Mistake) -> None:
        if len(self._mistakes) < MOST_VIOLATIONS:
            self._mistakes.append(mistake)
