"""``mremapcheck help``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated

import typer

from mremapcheck.cli.completion import topic_names
from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.output import Stdout
from mremapcheck.docs import topics


def help(  # the command's name
    topic: Annotated[
        str,
        typer.Argument(
            autocompletion=topic_names, metavar="TOPIC", show_default=False, help="A page of the manual, or a command."
        ),
    ] = "",
    man: Annotated[bool, typer.Option("--man", help="The page in the form that man(1) reads.")] = False,
) -> int:
    """Show a page of the manual; without a topic, which pages there are."""
    from mremapcheck.cli.main import COMMANDS, build

    if not topic:
        width = max(map(len, topics()))
        lines = [f"{name:<{width}}  {about}" for name, about in topics().items()]
        return print_lines(
            ["The manual:", "", *lines, "", "mremapcheck help TOPIC shows one; COMMAND --help its options."]
        )
    if topic in topics():
        from mremapcheck.cli.reference import topic_man_page, topic_page

        return print_lines(topic_man_page(topic).splitlines()) if man else _show(topic_page(topic))
    if topic in COMMANDS:
        return int(build(topic)([topic, "--help"], prog_name="mremapcheck", standalone_mode=False) or 0)
    raise typer.BadParameter(f"there is no page `{topic}`{_near(topic, topics())}")


def _near(topic: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = list(names)
    close = get_close_matches(topic.lower(), names, n=1)
    return f"; did you mean `{close[0]}`?" if close else f", only {', '.join(names)}"


def _show(markdown: str) -> int:
    """Print Markdown: as it is, or drawn and in a pager where people read it on a terminal."""
    if not Stdout().isatty() or os.environ.get("TERM") == "dumb":
        return print_lines(markdown.splitlines())
    from rich.console import Console
    from rich.markdown import Markdown

    # less shows colours only where it is told to; without a word of the user's it is told what git tells it.
    less = os.environ.setdefault("LESS", "FRX")
    console = Console(width=min(Console().width, 100))
    with console.pager(styles="R" in less):
        console.print(Markdown(markdown, code_theme="ansi_light"))
    return 0
