"""Packages whose modules register themselves by being there."""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def modules_of(package: str) -> list[ModuleType]:
    """Import and return the modules of a package, by name; those that begin with an underscore do not count."""
    module = sys.modules[package]
    # What came through a command's standard input lies in no folder; and a guest has no pathlib.
    files = getattr(module.__loader__, "files", None)
    names = files(package) if files else os.listdir(module.__path__[0])  # noqa: PTH208
    known = {name.partition(".")[0] for name in names if not name.startswith("_")}
    return [import_module(f"{package}.{name}") for name in sorted(known)]
