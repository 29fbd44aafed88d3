"""Field types: each reads a plain value and describes itself as JSON Schema, so that the two cannot disagree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.reader import Reader, Refused, describe, did_you_mean

T = TypeVar("T")
Schema = dict[str, Any]


class Field(Generic[T]):
    """What a key's value may be."""

    def read(self, value: Any, reader: Reader) -> T:
        """Return the value as the program uses it; raise Refused or Unusable."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """Return the JSON Schema of the values that ``read`` takes."""
        raise NotImplementedError


class Boolean(Field[bool]):
    """True or false."""

    def read(self, value: Any, reader: Reader) -> bool:
        if value is True or value is False:
            return value
        raise Refused(f"expected true or false, found {describe(value)}", "write `true` or `false`, without quotes")

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Integer(Field[int]):
    """A whole number within bounds."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def read(self, value: Any, reader: Reader) -> int:
        if type(value) is not int:
            hint = f"from {self.least} to {self.most}, without quotes and without a unit"
            raise Refused(f"expected a whole number, found {describe(value)}", hint)
        if not self.least <= value <= self.most:
            hint = f"{self.least} is the least" if value < self.least else f"{self.most} is the most"
            raise Refused(f"expected {self.least} to {self.most}, found {describe(value)}", hint)
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Choice(Field[str]):
    """One of a few names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._known = frozenset(self.names)

    def read(self, value: Any, reader: Reader) -> str:
        if type(value) is str and value in self._known:
            return value
        expected = f"`{self.names[0]}`" if len(self.names) == 1 else "one of " + ", ".join(self.names)
        hint = did_you_mean(value, self.names) if isinstance(value, str) else ""
        if len(self.names) > 8 and hint:
            raise Refused(f"there is no {describe(value)} here", hint)
        hint = hint if "did you" in hint else "write it as it stands here, in lower case"
        raise Refused(f"expected {expected}, found {describe(value)}", hint)

    def schema(self) -> Schema:
        return {"enum": list(self.names)}


class Text(Field[str]):
    """Text, of a pattern if there is one; ``what`` names it in messages."""

    def __init__(self, what: str, pattern: str = r"(?s:.*\S.*)", hint: str = "", longest: int = 10_000) -> None:
        self.what = what
        self.pattern = re.compile(pattern)
        self.hint = hint
        self.longest = longest

    def read(self, value: Any, reader: Reader) -> str:
        text = string(value, self.what)
        if len(text) > self.longest:
            most = f"at most {self.longest} characters" if self.longest > 1 else "one character"
            message = f"{self.what} has {most}, this one {len(text)}"
            raise Refused(message, "make it shorter")
        if self.pattern.fullmatch(text) is None:
            raise Refused(f"{quote(text)} is not {self.what}", self.hint or "write something, or leave the key out")
        return text

    def schema(self) -> Schema:
        schema: Schema = {"type": "string", "maxLength": self.longest}
        if self.hint:
            schema["pattern"] = f"^(?:{self.pattern.pattern})$"
        else:
            schema["pattern"] = r"\S"
        return schema


class Parsed(Field[T]):
    """Text that a function reads; ``pattern`` is what the schema says of it, ``number``: may be a number too.

    ``hint`` tells what to write instead of something that is no text.
    """

    def __init__(
        self,
        what: str,
        parse: Callable[[str], T],
        pattern: str,
        number: Callable[[int], T] | None = None,
        hint: Callable[[Any], str] | None = None,
    ):
        self.what = what
        self.parse = parse
        self.pattern = pattern
        self.number = number
        self.hint = hint

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is str:
            return self.parse(value)
        if self.number is not None and type(value) is int:
            return self.number(value)
        return self.parse(string(value, self.what, self.hint(value) if self.hint else ""))

    def schema(self) -> Schema:
        text: Schema = {"type": "string", "pattern": self.pattern}
        if self.number is None:
            return text
        return {"anyOf": [text, {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}]}


def string(value: Any, what: str, hint: str = "") -> str:
    """Return a value that is text; where YAML made something else of it say how to keep it."""
    if type(value) is str:
        return value
    if not hint and isinstance(value, (int, float)):
        hint = f'put it in quotes: "{json_text(value)}"'
    raise Refused(f"expected {what}, found {describe(value)}", hint or "write text, in quotes where YAML needs them")


def json_text(value: float | bool) -> str:
    """Return a number, true or false as a document has it, cut where it is long."""
    return (str(value).lower() if isinstance(value, bool) else str(value))[:40]
