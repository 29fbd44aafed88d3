"""The program: which commands there are, and what becomes of errors.

A command is a module beside this one with a function of its name, and one entry in COMMANDS. Only the module of the
command that is called gets imported. It returns the exit code (``codes``).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from keyword import iskeyword
from signal import SIGINT
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from mremapcheck import __version__
from mremapcheck.cli.request import Request

if TYPE_CHECKING:
    import typer


class Entry(NamedTuple):
    """A command: what it answers, in a line, and the class in ``command`` that reads its arguments."""

    about: str
    cls: str = "Command"


COMMANDS: dict[str, Entry] = {
    "run": Entry("Does this kernel do what the scenarios expect?", "OneCommand"),
    "compare": Entry("Where do two kernels differ, and which change causes it?", "PairCommand"),
    "matrix": Entry("Which kernels do what?", "RowCommand"),
    "faults": Entry("What can a call come to when memory runs out in its middle?", "RowCommand"),
    "since": Entry("When did the answer change, and by which commit?"),
    "try": Entry("A call on the command line: what does it do, on which kernels?", "RowCommand"),
    "identify": Entry("Which changes does this kernel have, whatever its version?"),
    "distinguish": Entry("Which smallest scenarios tell two kernels apart?", "PairCommand"),
    "fuzz": Entry("Random scenarios on two kernels; mismatches are shrunk."),
    "enumerate": Entry("Every scenario within bounds on two kernels."),
    "coverage": Entry("Which steps of a model do scenarios reach?"),
    "changes": Entry("The kernel changes that the model knows."),
    "expect": Entry("Write what kernels do into scenarios, as their expectations."),
    "init": Entry("A commented scenario to start from."),
    "lint": Entry("What is wrong with scenario files?"),
    "show": Entry("Draw scenarios before anything has run."),
    "schema": Entry("The JSON Schema of scenario files and of reports."),
    "export": Entry("A scenario as a reproducer in C."),
    "pack": Entry("Scenarios as one C program that prints KTAP."),
    "import": Entry("From strace logs to scenarios."),
    "record": Entry("Run a program under strace; its mremap calls as scenarios."),
    "kernels": Entry("Real kernels for vm: references: fetch, add, remove."),
    "catalogue": Entry("All scenarios on a page for people."),
    "help": Entry("The manual: a page for each topic."),
}


def main() -> NoReturn:
    """Run the program; never returns."""
    try:
        from mremapcheck.cli.environment import keep_standard_streams

        keep_standard_streams()
        code = call(sys.argv[1:], alone=True)
    except KeyboardInterrupt as interrupt:  # before anything is loaded that could answer it better
        sys.stderr.write("mremapcheck: interrupted\n")
        code = 128 + getattr(interrupt, "number", SIGINT)
    except MemoryError:  # not even enough to load what would answer it better
        sys.stderr.write("mremapcheck: there is no memory for mremapcheck itself\n  hint: raise `ulimit -v` and `-d`\n")
        code = 4
    sys.exit(code)


def call(args: Sequence[str], alone: bool = False) -> int:
    """Run the program with these arguments and return its exit code; errors have been told.

    ``alone``: the process is the program's own, and so is what becomes of signals.
    """
    from mremapcheck.cli.environment import heed_signals
    from mremapcheck.cli.output import Stdout

    request = Request.read(args)
    Stdout.used = False
    try:
        if alone:
            heed_signals()
        out = Stdout()
        if list(args) == ["--version"]:  # not worth loading anything for
            out.write(f"mremapcheck {__version__}\n")
            code = 0
        else:
            listed = bool(args) and request.command not in COMMANDS  # completion comes without arguments
            with _completion():
                program = _kept(request.command, listed) if alone else build(request.command, listed)
                code = program(list(args), prog_name="mremapcheck", standalone_mode=False)
        out.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:
        from mremapcheck.cli.failures import answer

        return answer(error, request)


def _completion() -> AbstractContextManager[None]:
    """Return what is done around a completion: bash has its own idea of a word."""
    if os.environ.get("_MREMAPCHECK_COMPLETE") != "complete_bash":
        return nullcontext()
    from mremapcheck.cli.bash import whole_words

    return whole_words()


def build(command: str = "", listed: bool = False) -> typer.Typer:
    """Return the program with just this command, or with all where there is no such command.

    ``listed``: they are only listed, as by --help, so none of their modules is imported.
    """
    import typer

    from mremapcheck.cli import command as classes

    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(cls=classes.Program)(classes.program)
    for name in [command] if command in COMMANDS else COMMANDS:
        entry = COMMANDS[name]
        called = _nothing if listed else _function(name)
        app.command(name, cls=getattr(classes, entry.cls), short_help=entry.about)(called)
    return app


def _kept(command: str, listed: bool) -> typer.Typer:
    """Return what ``build`` does, in a process that calls it once.

    What is imported stays: looking for garbage in it takes a seventh of a short run. Whatever else there is stays, too.
    """
    gc.disable()
    try:
        return build(command, listed)
    finally:
        gc.freeze()
        gc.enable()


def _function(command: str) -> Callable[..., int]:
    name = f"{command}_" if iskeyword(command) else command
    function: Callable[..., int] = getattr(import_module(f"mremapcheck.cli.{name}"), name)
    return function


def _nothing() -> None:
    """Stand for a command that is only listed."""
