"""Field types: each reads a plain value and describes itself as JSON Schema, so that the two cannot disagree.

A *record* is a dataclass whose fields are declared with ``key``::

    @dataclass(slots=True, kw_only=True)
    class Mprotect:
        \"""Change the protection.\"""
        address: Place = key(AddressField(), "first byte")
        prot: str = key(Choice(PROTS), "the new protection", default="rw")

``read`` raises Refused for the first thing wrong with a plain value; containers record the faults of their parts in the
Reader, go on with the next part, and raise Unusable at the end if what is left cannot be used.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from mremapcheck.scenario.reader import Reader, Refused, Unusable, describe, did_you_mean, quote

T = TypeVar("T")
Schema = dict[str, Any]

#: Marks a key that has no default and has to be there.
REQUIRED: Any = dataclasses.MISSING


class Field(Generic[T]):
    """What a key's value may be."""

    def read(self, value: Any, reader: Reader) -> T:
        """Return the value as the program uses it; raise Refused or Unusable."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """Return the JSON Schema of the values that ``read`` takes."""
        raise NotImplementedError


class Flag(Field[bool]):
    """True or false."""

    def read(self, value: Any, reader: Reader) -> bool:
        if value is True or value is False:
            return value
        raise Refused(f"expected true or false, found {describe(value)}")

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Whole(Field[int]):
    """A whole number within bounds."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def read(self, value: Any, reader: Reader) -> int:
        if type(value) is not int:
            raise Refused(f"expected a whole number, found {describe(value)}")
        if not self.least <= value <= self.most:
            raise Refused(f"expected {self.least} to {self.most}, found {describe(value)}")
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
        raise Refused(f"expected {expected}, found {describe(value)}", hint if "did you" in hint else "")

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
            raise Refused(f"{self.what} has at most {self.longest} characters, this one {len(text)}")
        if self.pattern.fullmatch(text) is None:
            raise Refused(f"{quote(text)} is not {self.what}", self.hint)
        return text

    def schema(self) -> Schema:
        schema: Schema = {"type": "string", "maxLength": self.longest}
        if self.hint:
            schema["pattern"] = f"^(?:{self.pattern.pattern})$"
        else:
            schema["pattern"] = r"\S"
        return schema


class Parsed(Field[T]):
    """Text that a function reads; ``pattern`` is what the schema says of it, ``number``: may be a number too."""

    def __init__(self, what: str, parse: Callable[[str], T], pattern: str, number: Callable[[int], T] | None = None):
        self.what = what
        self.parse = parse
        self.pattern = pattern
        self.number = number

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is str:
            return self.parse(value)
        if self.number is not None and type(value) is int:
            return self.number(value)
        return self.parse(string(value, self.what))

    def schema(self) -> Schema:
        text: Schema = {"type": "string", "pattern": self.pattern}
        if self.number is None:
            return text
        return {"anyOf": [text, {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}]}


class ListOf(Field[tuple[T, ...]]):
    """A list; with ``single`` one value may stand without brackets."""

    def __init__(self, item: Field[T], least: int = 0, most: int = 4096, single: bool = False) -> None:
        self.item = item
        self.least = least
        self.most = most
        self.single = single

    def read(self, value: Any, reader: Reader) -> tuple[T, ...]:
        if type(value) is not list:
            if self.single and value is not None:
                return (self.item.read(value, reader),)
            raise Refused(f"expected a list, found {describe(value)}", "a list: `[...]`, or lines that begin with `- `")
        if not self.least <= len(value) <= self.most:
            raise Refused(f"expected {self.least} to {self.most} items, found {len(value)}")
        items = []
        usable = True
        path = reader.path
        for index, item in enumerate(value):
            path.append(index)
            try:
                items.append(self.item.read(item, reader))
            except Refused as refused:
                reader.refuse(refused)
                usable = False
            except Unusable:
                usable = False
            path.pop()
        if not usable:
            raise Unusable
        return tuple(items)

    def schema(self) -> Schema:
        schema: Schema = {"type": "array", "items": self.item.schema(), "maxItems": self.most}
        if self.least:
            schema["minItems"] = self.least
        return {"anyOf": [self.item.schema(), schema]} if self.single else schema


class MapOf(Field[dict[str, T]]):
    """A mapping from names to values of one type; ``check`` refuses a name (its schema is ``names``)."""

    def __init__(
        self, item: Field[T], names: str, check: Callable[[str, Reader], None], least: int = 0, most: int = 64
    ) -> None:
        self.item = item
        self.names = names
        self.check = check
        self.least = least
        self.most = most

    def read(self, value: Any, reader: Reader) -> dict[str, T]:
        if type(value) is not dict:
            raise Refused(f"expected a mapping, found {describe(value)}")
        if not self.least <= len(value) <= self.most:
            raise Refused(f"expected {self.least} to {self.most} entries, found {len(value)}")
        items = {}
        path = reader.path
        for name, item in value.items():
            path.append(name)
            try:
                self.check(name, reader)
                items[name] = self.item.read(item, reader)
            except Refused as refused:
                reader.refuse(refused)
            except Unusable:
                pass
            path.pop()
        if len(items) < len(value):
            raise Unusable
        return items

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "additionalProperties": self.item.schema(),
            "propertyNames": {"pattern": self.names},
            "maxProperties": self.most,
        }
        if self.least:
            schema["minProperties"] = self.least
        return schema


class Record(Field[T]):
    """A mapping with known keys, read into a dataclass whose fields were declared with ``key``.

    Where the dataclass has a method ``faults()``, it is asked for what is wrong between the keys. ``others`` reads the
    keys that are no fields, into the field ``others_into``. A field ``from_`` is the key ``from``.
    """

    def __init__(self, made: type[T], others: MapOf[Any] | None = None, others_into: str = "") -> None:
        self.made = made
        self.keys: dict[str, Field[Any]] = {}
        self.required: list[str] = []
        self.about: dict[str, str] = {}
        self._keywords: dict[str, str] = {}
        for declared in dataclasses.fields(made):  # type: ignore[arg-type]  # any dataclass type
            if "field" not in declared.metadata:
                continue
            name = declared.name.removesuffix("_")
            if name != declared.name:
                self._keywords[name] = declared.name
            self.keys[name] = declared.metadata["field"]
            self.about[name] = declared.metadata["about"]
            if declared.default is dataclasses.MISSING and declared.default_factory is dataclasses.MISSING:
                self.required.append(name)
        self._between: Callable[[T], Iterable[Refused]] | None = getattr(made, "faults", None)
        self.others = others
        self.others_into = others_into

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is not dict:
            raise Refused(f"expected a mapping, found {describe(value)}", "its keys: " + ", ".join(self.keys))
        before = len(reader.faults)
        values: dict[str, Any] = {}
        others: dict[str, Any] = {}
        path = reader.path
        for name, item in value.items():
            path.append(name)
            try:
                field = self.keys.get(name)
                if field is not None:
                    values[name] = field.read(item, reader)
                else:
                    others[name] = self._other(name, item, reader)
            except Refused as refused:
                reader.refuse(refused)
            except Unusable:
                pass
            path.pop()
        for name in self.required:
            if name not in value:
                reader.refuse(Refused(f"`{name}` is missing", self.about[name]))
        if len(reader.faults) > before:
            raise Unusable
        if others:
            values[self.others_into] = others
        for name, attribute in self._keywords.items():
            if name in values:
                values[attribute] = values.pop(name)
        record = self.made(**values)
        if self._between is not None:
            for fault in self._between(record):
                reader.refuse(fault)
            if len(reader.faults) > before:
                raise Unusable
        return record

    def _other(self, name: str, item: Any, reader: Reader) -> Any:
        if self.others is None:
            raise Refused(f"unknown key {quote(name)}", did_you_mean(name, self.keys), on_key=True)
        try:
            self.others.check(name, reader)
        except Refused as refused:
            hint = did_you_mean(name, [*self.keys, *reader.regions])
            raise Refused(f"unknown key {quote(name)}", hint or refused.hint, on_key=True) from None
        return self.others.item.read(item, reader)

    def schema(self) -> Schema:
        properties = {name: {**field.schema(), "description": self.about[name]} for name, field in self.keys.items()}
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if self.made.__doc__:
            schema["description"] = self.made.__doc__.split("\n\n")[0]
        if self.required:
            schema["required"] = list(self.required)
        if self.others is not None:
            schema["additionalProperties"] = self.others.item.schema()
        return schema


class Short(Field[T]):
    """A record, or just the text of its first key."""

    def __init__(self, record: Record[T], first: str) -> None:
        self.record = record
        self.first = first

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is not dict:
            return self.record.made(**{self.first: self.record.keys[self.first].read(value, reader)})
        return self.record.read(value, reader)

    def schema(self) -> Schema:
        return {"anyOf": [self.record.keys[self.first].schema(), self.record.schema()]}


class Tagged(Field[T]):
    """One of several records, told apart by a key; without that key it is the one of ``untagged``, if there is one."""

    def __init__(self, tag: str, records: Mapping[str, Record[Any]], untagged: Record[Any] | None = None) -> None:
        self.tag = tag
        self.records = records
        self.untagged = untagged

    def read(self, value: Any, reader: Reader) -> T:
        record = self.untagged
        if type(value) is dict and self.tag in value:
            tag = value[self.tag]
            record = self.records.get(tag) if type(tag) is str else None
            if record is None:
                hint = did_you_mean(tag, self.records) if isinstance(tag, str) else ""
                raise Refused(f"there is no {self.tag} {describe(tag)}", hint, at=(self.tag,))
        if record is None:
            raise Refused(f"expected a mapping with `{self.tag}`, one of " + ", ".join(self.records))
        result: T = record.read(value, reader)
        return result

    def schema(self) -> Schema:
        records = [self.untagged] if self.untagged else []
        return {"oneOf": [record.schema() for record in (*records, *self.records.values())]}


def key(field: Field[Any], about: str, *, default: Any = REQUIRED) -> Any:
    """Declare a dataclass field to be a key of the format; ``about`` is said in the schema and where it is missing."""
    metadata = {"field": field, "about": about}
    if default is dict:
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def string(value: Any, what: str) -> str:
    """Return a value that is text; where YAML made something else of it say how to keep it."""
    if type(value) is str:
        return value
    hint = f'put it in quotes: "{value}"' if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
    raise Refused(f"expected {what}, found {describe(value)}", hint)
