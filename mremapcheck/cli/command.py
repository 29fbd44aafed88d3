"""How commands take their arguments, where typer alone does not do it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.core import TyperCommand, TyperGroup

_OPTION = "--kernel"
_REFERENCE = re.compile(r"(live|(vm|recorded):.+|v?[0-9]+\.[0-9]+.*)")


class Program(TyperGroup):
    """The program, reading its own options as ``Command`` does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as ever."""
        _read_plainly(self.get_params(ctx))  # not earlier: --help and completion are added at the last moment
        return super().parse_args(ctx, args)


class Command(TyperCommand):
    """A command whose well-formed arguments are read without typer's own conversion."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as ever."""
        _read_plainly(self.get_params(ctx))  # not earlier: --help and completion are added at the last moment
        return super().parse_args(ctx, args)


def _read_plainly(params: Iterable[Any]) -> None:
    """Have plain values converted here; whatever is not plain, and so every error message, is left to typer.

    From some release on typer's conversion is pydantic's, and importing that takes longer than everything else that a
    small run does. A release without a conversion to replace keeps what it has.
    """
    for param in params:
        if getattr(param, "_runtime_param", param) is None and hasattr(param, "type_descriptor"):
            param._runtime_param = _Plain(param)


class _Plain:
    """Stands in for typer's conversion of one parameter."""

    def __init__(self, param: Any) -> None:
        self._param = param
        annotation = param.type_descriptor.annotation
        self._convert = get_args(annotation)[0] if get_origin(annotation) is list else annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the converted value; typer's own error where it is none."""
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        try:
            if many:
                return [self._one(item, param) for item in value]
            return self._one(value, param)
        except (ValueError, TypeError):
            param._runtime_param = None
            return param.get_runtime_param().coerce(value, param=param, ctx=ctx)

    def _one(self, value: Any, param: Any) -> Any:
        if self._convert not in (str, int, float, Path) and not issubclass(self._convert, Enum):
            raise TypeError
        converted = self._convert(value)
        if getattr(param, "min", None) is not None and converted < param.min:
            raise ValueError
        return converted


class PairCommand(Command):
    """``--kernel A B`` is ``--kernel A --kernel B``: if the option is given once, both references follow it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Spread the references, then parse as ever."""
        return super().parse_args(ctx, spread_pair(args))


class RowCommand(Command):
    """``--kernel A B C``: all references that follow it, up to something that is none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Spread the references, then parse as ever."""
        return super().parse_args(ctx, spread_row(args))


def spread_pair(args: Sequence[str]) -> list[str]:
    """Give the second reference an option of its own, if there is only one."""
    given = _split(args)
    places = [index for index, word in enumerate(given) if word == _OPTION]
    if len(places) == 1:
        second = places[0] + 2
        if second < len(given) and not given[second].startswith("-"):
            given.insert(second, _OPTION)
    return given


def spread_row(args: Sequence[str]) -> list[str]:
    """Give every word that follows a reference and is one itself an option of its own."""
    given = _split(args)
    spread: list[str] = []
    for index, word in enumerate(given):
        after_one = index >= 2 and len(spread) >= 2 and spread[-2] == _OPTION
        if after_one and _REFERENCE.fullmatch(word) and not Path(word).exists():
            spread.append(_OPTION)
        spread.append(word)
    return spread


def _split(args: Sequence[str]) -> list[str]:
    """Write ``--kernel=A`` as ``--kernel A``."""
    words: list[str] = []
    for word in args:
        words += [_OPTION, word.removeprefix(f"{_OPTION}=")] if word.startswith(f"{_OPTION}=") else [word]
    return words
