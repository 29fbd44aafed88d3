"""The kinds of mappings, a module each: all that the format, the kernel's model, the executors, C and generators need.

A new kind is a new module here with a ``KIND``; nothing else has to know of it.
"""

from __future__ import annotations

from mremapcheck.base.modules import modules_of
from mremapcheck.kinds.kind import Kind


def _all() -> dict[str, Kind]:
    modules = modules_of(__name__)
    kinds = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: (-kind.sampling.weight, kind.name))}


#: By the names that scenarios use; the commonest first.
KINDS: dict[str, Kind] = _all()
#: What outcomes call the backings whose pages are numbered by address: their offset says nothing that a user could see.
NO_OFFSET = frozenset(kind.backing.reported for kind in KINDS.values() if kind.backing.anonymous)
