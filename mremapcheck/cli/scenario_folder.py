"""Folders that scenarios are written to: what these are called there, and what must not be there before."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from mremapcheck.base.errors import MremapcheckError, OutputError
from mremapcheck.base.paths import is_folder, is_there

#: The longest beginning of a scenario's name.
_STEM = 40


def stem(name: str) -> str:
    """Return a name as scenarios' names can begin."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_STEM].strip("-") or "trace"


def refuse_taken(out: Path | None, names: Iterable[str]) -> None:
    """Raise MremapcheckError where a scenario's file is there already, and OutputError where none can be written."""
    if out is None:
        return
    there = next(folder for folder in (out, *out.absolute().parents) if is_there(folder))
    if not is_folder(there):
        raise OutputError(f"{out} cannot be written: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be written: {os.strerror(errno.EACCES)}")
    taken = [path for path in (out / f"{name}.yaml" for name in names) if is_there(path)]
    if taken:
        raise MremapcheckError(f"{taken[0]} is there already", "give another folder, or remove what is in this one")
