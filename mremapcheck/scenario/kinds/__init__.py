"""The kinds of mappings, a module each: all that the format, the kernel's model, the executors, C and generators need.

A new kind is a new module here with a ``KIND``; nothing else has to know of it.
"""

from __future__ import annotations

from mremapcheck.base.modules import modules_of
from mremapcheck.scenario.kinds.kind import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def _all() -> dict[str, Kind]:
    modules = modules_of(__name__)
    kinds = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: (-kind.sampling.weight, kind.name))}


#: By the names that scenarios use; the commonest first.
KINDS: dict[str, Kind] = _all()
#: What outcomes call the backings whose pages are numbered by address: their offset says nothing that a user could see.
NO_OFFSET = frozenset(kind.backing.reported for kind in KINDS.values() if kind.backing.anonymous)
#: How names in /proc/self/maps begin -> backing; the longest first, because one may begin like another.
_MARKS = sorted(
    ((mark, kind.backing.reported) for kind in KINDS.values() for mark in kind.marks), key=lambda pair: -len(pair[0])
)


def backing_of(path: str, device: str, inode: str, inodes: Mapping[str, str]) -> str:
    """Return what outcomes call the backing of a mapping that /proc/self/maps shows so.

    ``inodes`` ("device inode" or "inode" -> backing) tells those whose path does not.
    """
    if not path or path.startswith("[anon:"):
        return "anon"
    known = inodes.get(f"{device} {inode}") or next((backing for mark, backing in _MARKS if path.startswith(mark)), "")
    return known or inodes.get(inode, "file")
