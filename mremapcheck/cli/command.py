"""How commands take their arguments, where typer alone does not do it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from mremapcheck import __version__
from mremapcheck.base.paths import is_there
from mremapcheck.cli.environment import Interrupted

_OPTION = "--kernel"
_REFERENCE = re.compile(r"(live|(vm|via|recorded):.+|v?[0-9]+\.[0-9]+.*)", re.DOTALL)


def _show_version(wanted: bool) -> None:
    if wanted:
        from mremapcheck.cli.listing import print_lines

        raise typer.Exit(print_lines([f"mremapcheck {__version__}"]))


def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What does this mremap(2) call do on that Linux kernel, why, and since when?"""


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Let typer not know of an interrupt: it would only return an exit code, and that of Ctrl-C for any signal."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise Interrupted(interrupt) from interrupt


class Program(TyperGroup):
    """The program, reading its own options as ``Command`` does."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the program's own options as ever."""
        with _interrupts_kept():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read a command's arguments and run it as ever."""
        with _interrupts_kept():
            return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as ever."""
        _read_plainly(self.get_params(ctx))  # not earlier: --help and completion are added at the last moment
        return super().parse_args(ctx, args)


class Command(TyperCommand):
    """A command whose well-formed arguments are read without typer's own conversion."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as ever."""
        _read_plainly(self.get_params(ctx))  # not earlier: --help and completion are added at the last moment
        if ctx.resilient_parsing and args and args[-1].startswith("-"):
            args = args[:-1]  # a shell asks for its value: nothing could be read if it stood there without any
        return super().parse_args(ctx, args)


def _read_plainly(params: Iterable[Any]) -> None:
    """Have plain values converted here, and say here what is wrong with one; what is not plain is left to typer.

    From some release on typer's conversion is pydantic's, and importing that takes half as long as all else that a
    small run does (80 ms in 230). A release without a conversion to replace keeps what it has.
    """
    for param in params:
        if hasattr(param, "get_runtime_param") and hasattr(param, "type_descriptor"):
            plain = _Plain(param)
            param.get_runtime_param = lambda plain=plain: plain


class _Plain:
    """Stands in for typer's conversion of one parameter."""

    def __init__(self, param: Any) -> None:
        self._param = param
        self._typers = param.get_runtime_param
        annotation = param.type_descriptor.annotation
        self._convert = get_args(annotation)[0] if get_origin(annotation) is list else annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the converted value; raise typer.BadParameter where it is none."""
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if self._convert not in (str, int, float, Path) and not issubclass(self._convert, Enum):
            return self._typers().coerce(value, param=param, ctx=ctx)
        try:
            return [self._one(item) for item in value] if many else self._one(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from None

    def _one(self, value: Any) -> Any:
        try:
            converted = self._convert(value)
        except ValueError:
            raise ValueError(self._wrong(value)) from None
        if converted != converted:  # as NaN is
            raise ValueError(self._wrong(value))
        if self._convert is Path and not str(value):
            raise ValueError("the path is empty")
        least, most = getattr(self._param, "min", None), getattr(self._param, "max", None)
        if least is not None and not converted >= least:
            raise ValueError(f"{value} is less than {least}")
        if most is not None and not converted <= most:
            raise ValueError(f"{value} is more than {most}")
        return converted

    def _wrong(self, value: Any) -> str:
        if issubclass(self._convert, Enum):
            from difflib import get_close_matches

            names = [member.value for member in self._convert]
            close = get_close_matches(str(value).lower(), names, n=1)
            return f"`{value}` is none of {', '.join(names)}" + (f"; did you mean `{close[0]}`?" if close else "")
        return f"`{value}` is not a {'whole number' if self._convert is int else 'number'}"


class OneCommand(Command):
    """``--kernel A`` and nothing else: a second reference is a mistake, wherever it stands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look for a second one, then parse as ever."""
        if spread_row(args).count(_OPTION) > 1:
            raise typer.BadParameter(
                "one kernel is asked; `compare --kernel A B` asks two, `matrix` any number", ctx=ctx, param_hint=_OPTION
            )
        return super().parse_args(ctx, args)


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
    """Give the second reference an option of its own, if there is only one; more than two are spread as well."""
    given = _split(args)
    places = [index for index, word in enumerate(given) if word == _OPTION]
    if len(places) == 1:
        second = places[0] + 2
        if second < len(given) and not given[second].startswith("-") and not _is_path(given[second]):
            given.insert(second, _OPTION)
    return spread_row(given)


def spread_row(args: Sequence[str]) -> list[str]:
    """Give every word that follows a reference and is one itself an option of its own."""
    given = _split(args)
    spread: list[str] = []
    for index, word in enumerate(given):
        after_one = index >= 2 and len(spread) >= 2 and spread[-2] == _OPTION
        if after_one and _REFERENCE.fullmatch(word) and not is_there(word):
            spread.append(_OPTION)
        spread.append(word)
    return spread


def _is_path(word: str) -> bool:
    return not _REFERENCE.fullmatch(word) and is_there(word)


def _split(args: Sequence[str]) -> list[str]:
    """Write ``--kernel=A`` as ``--kernel A``."""
    words: list[str] = []
    for word in args:
        words += [_OPTION, word.removeprefix(f"{_OPTION}=")] if word.startswith(f"{_OPTION}=") else [word]
    return words
