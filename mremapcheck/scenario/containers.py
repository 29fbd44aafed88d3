"""Containers of the format: lists, mappings, and records declared as dataclasses.

A *record* is a dataclass whose fields are declared with ``key``::

    @dataclass(slots=True, kw_only=True)
    class Mprotect:
        \"""Change the protection.\"""
        address: Place = key(AddressField(), "first byte")
        prot: str = key(Choice(PROTS), "the new protection", default="rw")

Containers add the violations of their parts to the Reader, go on with the next part, and raise Unusable at the end
if what is left cannot be used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.fields import Choice, Field, Schema
from mremapcheck.scenario.reader import Reader, Refused, Unusable, describe, did_you_mean

T = TypeVar("T")
#: Records of one kind that are kept.
_KEPT = 4096
#: Entries of a mapping: regions, letters.
_MOST_ENTRIES = 64


def key(field: Field[Any], about: str, *, default: Any = dataclasses.MISSING) -> Any:
    """Declare a dataclass field to be a key of the format; ``about`` is said in the schema and where it is missing."""
    metadata = {"field": field, "about": about}
    if default is dict:
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _check_count(count: int, least: int, most: int, what: str) -> None:
    if not least <= count <= most:
        hint = "give at least one" if count < least else "make several scenarios of it"
        raise Refused(f"expected {least} to {most} {what}, found {count}", hint)


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
        _check_count(len(value), self.least, self.most, "items")
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

    def __init__(self, item: Field[T], names: str, check: Callable[[str, Reader], None], least: int = 0) -> None:
        self.item = item
        self.names = names
        self.check = check
        self.least = least

    def read(self, value: Any, reader: Reader) -> dict[str, T]:
        if type(value) is not dict:
            raise Refused(f"expected a mapping, found {describe(value)}", "lines of `name: value`, or `{name: value}`")
        _check_count(len(value), self.least, _MOST_ENTRIES, "entries")
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
            "maxProperties": _MOST_ENTRIES,
        }
        if self.least:
            schema["minProperties"] = self.least
        return schema


class Struct(Field[T]):
    """A mapping with known keys, read into a dataclass whose fields were declared with ``key``.

    Where the dataclass has a method ``violations()``, it tells what is wrong between the keys. ``others`` reads the
    keys that are no fields, into the field ``others_into``. A field ``from_`` is the key ``from``.

    ``again``: what was read once is kept, and given again for the same value; for records that come again and again,
    and of which nothing depends on more of the document than the names of its regions.
    """

    def __init__(
        self, made: type[T], others: MapOf[Any] | None = None, others_into: str = "", *, again: bool = False
    ) -> None:
        self.made = made
        self._again = again
        self._known: dict[Any, T] = {}
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
        self._between: Callable[[T], Iterable[Refused]] | None = getattr(made, "violations", None)
        self.others = others
        self.others_into = others_into

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is not dict:
            raise Refused(f"expected a mapping, found {describe(value)}", "its keys: " + ", ".join(self.keys))
        if not self._again:
            return self._read(value, reader)
        # With the types, because 1 and true are equal.
        key = reader.regions, *value.items(), *map(type, value.values())
        try:
            known = self._known.get(key)
        except TypeError:  # a list is in it
            return self._read(value, reader)
        if known is None:
            known = self._read(value, reader)
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = known
        return known

    def _read(self, value: dict[str, Any], reader: Reader) -> T:
        before = len(reader.violations)
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
        if len(reader.violations) > before:
            raise Unusable
        if others:
            values[self.others_into] = others
        for name, attribute in self._keywords.items():
            if name in values:
                values[attribute] = values.pop(name)
        record = self.made(**values)
        if self._between is not None:
            for violation in self._between(record):
                reader.refuse(violation)
            if len(reader.violations) > before:
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


class Shorthand(Field[T]):
    """A record, or just the text of its first key."""

    def __init__(self, record: Struct[T], first: str) -> None:
        self.record = record
        self.first = first

    def read(self, value: Any, reader: Reader) -> T:
        if type(value) is not dict:
            return self.record.made(**{self.first: self.record.keys[self.first].read(value, reader)})
        return self.record.read(value, reader)

    def schema(self) -> Schema:
        return {"anyOf": [self.record.keys[self.first].schema(), self.record.schema()]}


class TaggedUnion(Field[T]):
    """One of several records, told apart by a key, of which each has its own ``Choice``.

    Without that key it is the one of ``untagged``, if there is one.
    """

    def __init__(self, tag: str, records: Iterable[Struct[Any]], untagged: Struct[Any] | None = None) -> None:
        self.tag = tag
        self.records = {name: record for record in records for name in cast(Choice, record.keys[tag]).names}
        self.untagged = untagged

    def read(self, value: Any, reader: Reader) -> T:
        record = self.untagged
        if type(value) is dict and self.tag in value:
            tag = value[self.tag]
            record = self.records.get(tag) if type(tag) is str else None
            if record is None:
                hint = did_you_mean(tag, self.records) if isinstance(tag, str) else ""
                hint = hint or "one of " + ", ".join(self.records)
                raise Refused(f"there is no {self.tag} {describe(tag)}", hint, at=(self.tag,))
        if record is None:
            names = "one of " + ", ".join(self.records)
            if type(value) is dict:
                raise Refused(f"`{self.tag}` is missing", names)
            raise Refused(f"expected a mapping with `{self.tag}`, found {describe(value)}", names)
        result: T = record.read(value, reader)
        return result

    def schema(self) -> Schema:
        records = [self.untagged] if self.untagged else []
        return {"oneOf": [record.schema() for record in (*records, *self.records.values())]}
