"""What commands write: to a file that was asked for, or to standard output."""

from __future__ import annotations

from pathlib import Path

from mremapcheck.base.errors import OutputError
from mremapcheck.cli.output import Stdout


def put(text: str, out: Path | None) -> None:
    """Write ``text`` to the file, or to standard output where there is none (or it is ``-``); raises OutputError."""
    if out is None or str(out) == "-":
        stdout = Stdout()
        stdout.write(text)
        stdout.flush()
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror}") from None
