"""A command as users call it, in this process."""

from __future__ import annotations

import contextlib
import functools
import io

import typer.main

from mremapcheck.cli.main import call

#: What became of an input.
REFUSED = "refused"
_ENDINGS = {0: "answered", 1: "answered otherwise", 2: REFUSED, 4: "nothing ran"}


@functools.cache
def _quickly() -> None:
    """Have typer read what parameters a function has once: for each of a hundred thousand calls it is half the work."""
    read = "get_params_from_function"
    if hasattr(typer.main, read):
        setattr(typer.main, read, functools.cache(getattr(typer.main, read)))


def called(*arguments: str) -> tuple[str, str]:
    """Return what a command ended in, and what it printed; raises AssertionError where that is a bug of ours."""
    _quickly()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(arguments)
    assert code in _ENDINGS, f"exit {code}: {err.getvalue()[-2000:]}"
    assert code != 2 or (err.getvalue() + out.getvalue()).strip(), "refused without a word"
    return _ENDINGS[code], out.getvalue()
