"""The kinds of mappings, a module each: all that the format, the kernel's model, the executors, C and generators need.

A new kind is a new module here with a ``KIND``; nothing else has to know of it.
"""

from __future__ import annotations

import os
from importlib import import_module

from mremapcheck.kinds.kind import Kind


def _files() -> list[str]:
    # What came through a command's standard input lies in no folder; and a guest has no pathlib.
    files = getattr(__spec__.loader, "files", None)
    return files(__name__) if files else os.listdir(__path__[0])  # noqa: PTH208


def _all() -> dict[str, Kind]:
    names = {name.partition(".")[0] for name in _files() if not name.startswith("_")}
    modules = [import_module(f"{__name__}.{name}") for name in sorted(names)]
    kinds = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: (-kind.sampling.weight, kind.name))}


#: By the names that scenarios use; the commonest first.
KINDS: dict[str, Kind] = _all()
#: What outcomes call the backings whose pages are numbered by address: their offset says nothing that a user could see.
NO_OFFSET = frozenset(kind.backing.reported for kind in KINDS.values() if kind.backing.anonymous)
