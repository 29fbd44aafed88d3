"""The program: which commands there are, and what becomes of errors.

A command is a module beside this one with a function of its name, and one entry in COMMANDS. Only the module of the
command that is called gets imported. It returns the exit code (``codes``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from keyword import iskeyword
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from mremapcheck import __version__

if TYPE_CHECKING:
    import typer

#: name -> the class in ``command`` that reads its arguments.
COMMANDS: dict[str, str] = {
    "run": "Command",
    "compare": "PairCommand",
    "matrix": "RowCommand",
    "since": "Command",
    "identify": "Command",
    "distinguish": "PairCommand",
    "fuzz": "Command",
    "enumerate": "Command",
    "coverage": "Command",
    "changes": "Command",
    "lint": "Command",
    "show": "Command",
    "schema": "Command",
    "export": "Command",
    "pack": "Command",
    "import": "Command",
    "record": "Command",
    "kernels": "Command",
    "catalogue": "Command",
}


class Request(NamedTuple):
    """What has to be known of the command line even where it cannot be parsed."""

    command: str
    json: bool
    bisect: bool

    @classmethod
    def read(cls, args: Sequence[str]) -> Request:
        """Look for it in plain sight."""
        formats = [word.partition("=")[2] for word in args if word.startswith("--format=")]
        formats += [after for word, after in pairwise(args) if word == "--format"]
        command = next((word for word in args if not word.startswith("-")), "")
        return cls(command, "json" in formats, "--bisect" in args)


def main() -> NoReturn:
    """Run the program; never returns."""
    sys.exit(call(sys.argv[1:]))


def call(args: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit code; errors have been told."""
    from mremapcheck.cli.output import Stdout

    request = Request.read(args)
    Stdout.used = False
    try:
        out = Stdout()
        if list(args) == ["--version"]:  # not worth loading anything for
            out.write(f"mremapcheck {__version__}\n")
            code = 0
        else:
            code = build(request.command)(list(args), prog_name="mremapcheck", standalone_mode=False)
        out.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:
        from mremapcheck.cli.failures import answer

        return answer(error, request)


def build(command: str = "") -> typer.Typer:
    """Return the program with just this command, or with all where there is no such command."""
    import typer

    from mremapcheck.cli import command as classes

    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(cls=classes.Program)(_program)
    for name in [command] if command in COMMANDS else COMMANDS:
        cls = getattr(classes, COMMANDS[name])
        function = f"{name}_" if iskeyword(name) else name
        app.command(name, cls=cls)(getattr(import_module(f"mremapcheck.cli.{function}"), function))
    return app


def _program() -> None:
    """What does this mremap(2) call do on that Linux kernel, why, and since when?"""
