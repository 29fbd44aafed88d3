"""Hold plain data to a JSON Schema, as far as the schemas of this package go.

The same schemas tell the world what we write and tell us what we can read. Whole numbers are whole here (1.0 is none),
and none has more than 53 bits. A keyword that is not known is an error of the schema and is met when it is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mremapcheck.base.text.terminal import excerpt, quote

Check: TypeAlias = Callable[[Any], None]
Schema: TypeAlias = Mapping[str, Any]

_LARGEST = 1 << 53
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: type(value) is dict,
    "array": lambda value: type(value) is list,
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int and -_LARGEST <= value <= _LARGEST,
    "number": lambda value: type(value) in (int, float) and -_LARGEST <= value <= _LARGEST,
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}
_WORDS = {"object": "an object", "array": "a list", "string": "text", "integer": "a whole number"}
_WORDS |= {"number": "a number", "boolean": "true or false", "null": "null"}
#: Keywords that say nothing about a value.
_SILENT = frozenset(("$schema", "$defs", "title", "description"))


class Wrong(Exception):  # noqa: N818 - becomes an error with a file's name
    """A value is not what the schema asks for; ``path`` leads to it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str | int] = []

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{excerpt(part)}" for part in reversed(self.path))
        return f"{place.removeprefix('.')}: {self.message}" if place else self.message


def compiled(schema: Schema) -> Check:
    """Return a function that raises Wrong for a value that the schema does not allow."""
    return _Compiler(schema.get("$defs", {})).check(schema)


class _Compiler:
    def __init__(self, shared: Mapping[str, Schema]) -> None:
        self._shared = shared
        self._done: dict[str, Check] = {}

    def check(self, schema: Schema) -> Check:
        if "$ref" in schema:
            return self._reference(schema["$ref"].removeprefix("#/$defs/"))
        unknown = schema.keys() - _KEYWORDS.keys() - _SILENT
        assert not unknown, f"keywords of a schema that nobody checks: {', '.join(unknown)}"
        # In the order of _KEYWORDS: the type comes first, and the others rely on it.
        makers = dict.fromkeys(make for keyword, make in _KEYWORDS.items() if keyword in schema)
        checks = [make(self, schema) for make in makers]

        def check(value: Any) -> None:
            for each in checks:
                each(value)

        return checks[0] if len(checks) == 1 else check

    def _reference(self, name: str) -> Check:
        if name not in self._done:
            self._done[name] = self.check(self._shared[name])
        return self._done[name]

    def type(self, schema: Schema) -> Check:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        tests = [_TYPES[name] for name in names]
        expected = " or ".join(_WORDS[name] for name in names)

        def check(value: Any) -> None:
            if not any(test(value) for test in tests):
                raise Wrong(f"expected {expected}, found {_shown(value)}")

        return check

    def const(self, schema: Schema) -> Check:
        return _one_of((schema["const"],))

    def enum(self, schema: Schema) -> Check:
        return _one_of(tuple(schema["enum"]))

    def any_of(self, schema: Schema) -> Check:
        """The first alternative whose type fits decides, so that it can say what is wrong."""
        choices = [(self._types(each), self.check(each)) for each in schema["anyOf"]]
        expected = " or ".join(_WORDS[name] for types, _ in choices for name in types)

        def check(value: Any) -> None:
            for types, choice in choices:
                if any(_TYPES[name](value) for name in types):
                    return choice(value)
            raise Wrong(f"expected {expected}, found {_shown(value)}")

        return check

    def _types(self, schema: Schema) -> list[str]:
        while "$ref" in schema:
            schema = self._shared[schema["$ref"].removeprefix("#/$defs/")]
        names = schema.get("type", "string")  # an enumeration is of text
        return [names] if isinstance(names, str) else names

    def pattern(self, schema: Schema) -> Check:
        pattern = re.compile(schema["pattern"])

        def check(value: Any) -> None:
            if type(value) is str and pattern.search(value) is None:
                raise Wrong(f"{quote(value)} is not of the form {schema['pattern']}")

        return check

    def bounds(self, schema: Schema) -> Check:
        least, most = schema.get("minimum", -_LARGEST), schema.get("maximum", _LARGEST)

        def check(value: Any) -> None:
            if type(value) is int and not least <= value <= most:
                raise Wrong(f"expected {least} to {most}, found {_shown(value)}")

        return check

    def lengths(self, schema: Schema) -> Check:
        least, most = schema.get("minItems", 0), schema.get("maxItems", _LARGEST)

        def check(value: Any) -> None:
            if type(value) is list and not least <= len(value) <= most:
                raise Wrong(f"expected {least} to {most} items, found {len(value)}")

        return check

    def items(self, schema: Schema) -> Check:
        first = [self.check(each) for each in schema.get("prefixItems", ())]
        rest = self.check(schema["items"]) if "items" in schema else None

        def check(value: Any) -> None:
            if type(value) is not list:
                return
            index = 0
            try:
                for index, item in enumerate(value):
                    if index < len(first):
                        first[index](item)
                    elif rest is not None:
                        rest(item)
            except Wrong as wrong:
                wrong.path.append(index)
                raise

        return check

    def object(self, schema: Schema) -> Check:
        """One pass over an object: what is required, the known keys, and all others."""
        required = frozenset(schema.get("required", ()))
        known = {name: self.check(each) for name, each in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties", True)
        other = self.check(others) if isinstance(others, Mapping) else None
        names = self.check(schema["propertyNames"]) if "propertyNames" in schema else None

        def check(value: Any) -> None:
            if type(value) is not dict:
                return
            if not required <= value.keys():
                raise Wrong(f"{quote(min(required - value.keys()))} is missing")
            name = ""
            try:
                for name, item in value.items():
                    each = known.get(name, other)
                    if each is not None:
                        each(item)
                    elif others is False:
                        raise Wrong("there is no such key")
                    if names is not None:
                        names(name)
            except Wrong as wrong:
                wrong.path.append(name)
                raise

        return check


_KEYWORDS: Mapping[str, Callable[[_Compiler, Schema], Check]] = {
    "type": _Compiler.type,
    "const": _Compiler.const,
    "enum": _Compiler.enum,
    "anyOf": _Compiler.any_of,
    "pattern": _Compiler.pattern,
    "minimum": _Compiler.bounds,
    "maximum": _Compiler.bounds,
    "minItems": _Compiler.lengths,
    "maxItems": _Compiler.lengths,
    "prefixItems": _Compiler.items,
    "items": _Compiler.items,
    "required": _Compiler.object,
    "properties": _Compiler.object,
    "additionalProperties": _Compiler.object,
    "propertyNames": _Compiler.object,
}


def _one_of(values: tuple[Any, ...]) -> Check:
    expected = " or ".join(_shown(value) for value in values)

    def check(value: Any) -> None:
        if not any(value == each and type(value) is type(each) for each in values):
            raise Wrong(f"expected {expected}, found {_shown(value)}")

    return check


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int | float):
        return f"the number {value}" if -_LARGEST <= value <= _LARGEST else "a number of too many digits"
    return "a list" if isinstance(value, list) else "an object"
