"""The parts of the manual that only the program knows: its commands with their options, its exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from inspect import cleandoc, signature
from keyword import iskeyword
from typing import Any, get_args

from typer.models import ArgumentInfo

from mremapcheck.cli.codes import ABOUT, BISECT_ABOUT
from mremapcheck.cli.main import COMMANDS
from mremapcheck.docs import page, topics
from mremapcheck.docs.reference import Parts, listed, table
from mremapcheck.docs.roff import man_page
from mremapcheck.report.base import FORMATS

#: The topic that is the program's own man page.
PROGRAM = "commands"


def topic_page(topic: str) -> str:
    """Return a page of the manual as Markdown; raises KeyError where there is no such topic."""
    return page(topic, PARTS)


def man_pages() -> Iterator[tuple[str, str]]:
    """Yield (path below ``man/``, content) of every page of the manual in the form that man(1) reads."""
    for topic in topics():
        yield man_path(topic), topic_man_page(topic)


def man_path(topic: str) -> str:
    """Return where the page of a topic is below ``man/``."""
    return "man1/mremapcheck.1" if topic == PROGRAM else f"man7/mremapcheck-{topic}.7"


def topic_man_page(topic: str) -> str:
    """Return a page of the manual in the form that man(1) reads."""
    name, section = _file(topic).split(".")
    return man_page(topic_page(topic), name, section, [_file(other) for other in topics() if other != topic])


def _file(topic: str) -> str:
    return man_path(topic).rpartition("/")[2]


def _commands() -> str:
    return "\n\n".join("\n".join(_command(name)) for name in COMMANDS)


def _command(name: str) -> Iterator[str]:
    called = _called(name)
    parameters = list(_parameters(called))
    operands = " ".join(metavar for is_argument, metavar, _ in parameters if is_argument)
    yield from (f"### mremapcheck {name}", "", f"`mremapcheck {name} [OPTIONS] {operands}".rstrip() + "`", "")
    yield from (cleandoc(called.__doc__ or ""), "")
    rows = [(f"`{metavar}`", about) for _, metavar, about in parameters]
    yield table(("option", "what it does"), rows)


def _called(name: str) -> Callable[..., int]:
    function = f"{name}_" if iskeyword(name) else name
    called: Callable[..., int] = getattr(import_module(f"mremapcheck.cli.{function}"), function)
    return called


def _parameters(called: Callable[..., int]) -> Iterator[tuple[bool, str, str]]:
    """Yield of each parameter whether it is no option, how it is written, and what it does."""
    for name, parameter in signature(called, eval_str=True).parameters.items():
        kind, info = get_args(parameter.annotation)
        choices = [member.value for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
        metavar = info.metavar or "|".join(choices)
        about = info.help or ""
        if isinstance(info, ArgumentInfo):
            yield True, metavar, about
            continue
        # Within Annotated, typer takes the first declaration for the default and sorts it out later.
        said = [word for word in (info.default, *(info.param_decls or ())) if isinstance(word, str)]
        declared = sorted(said or [f"--{name.replace('_', '-')}"], key=len)
        if info.show_default and parameter.default not in (None, False, True, "", parameter.empty):
            about += f" [{_text(parameter.default)}]"
        yield False, f"{', '.join(declared)} {metavar}".rstrip(), about


def _text(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _codes(codes: Mapping[int, str]) -> str:
    return table(("code", "when"), ((f"`{code}`", about) for code, about in codes.items()))


PARTS: Parts = {
    "commands": _commands,
    "answers": lambda: table(("command", "what it answers"), ((f"`{n}`", e.about) for n, e in COMMANDS.items())),
    "exit-codes": lambda: _codes(ABOUT),
    "bisect-codes": lambda: _codes(BISECT_ABOUT),
    "formats": lambda: listed(FORMATS),
}
