"""The kinds of mappings, a module each: all that the format, the kernel's model, the executors, C and generators need.

A new kind is a new module here with a ``KIND``; nothing else has to know of it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from mremapcheck.kinds.kind import Kind


def _all() -> dict[str, Kind]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    kinds = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: (-kind.draw.weight, kind.name))}


#: By the names that scenarios use; the commonest first.
KINDS: dict[str, Kind] = _all()
