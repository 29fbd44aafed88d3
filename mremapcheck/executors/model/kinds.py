"""The kinds of mappings on one kernel, and the files behind them."""

from __future__ import annotations

from mremapcheck.base.units import pages
from mremapcheck.executors.model.exceptions import Unsupported
from mremapcheck.executors.model.vma import File, Inode
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Backing
from mremapcheck.scenario.operations import AddSeals, Mmap


def kind_of(op: Mmap, features: frozenset[str]) -> Backing:
    """Return what the mapping is made of where these features are; raises Unsupported without those of its kind."""
    kind = KINDS[op.kind]
    if kind.since is not None:
        feature, reason = kind.since
        if feature not in features:
            raise Unsupported(reason)
    backing = kind.backs(op.sharing)
    for feature, successor in kind.became:
        if feature in features:
            backing = successor
    return backing


def file_of(op: Mmap, kind: Backing, files: dict[tuple[str, ...], File], scenario: Scenario) -> File | None:
    """Return the open file that the mapping gets; ``files`` are those that the process has open.

    Each shared anonymous mapping has a file of its own; each shmat opens one, all on the segment's pages. A file is as
    long as all mappings of it in the scenario need.
    """
    whose = KINDS[op.kind].files
    if whose == "none":
        return None
    key = (op.kind, op.object)
    if whose == "each" or KINDS[op.kind].shared is kind:
        return File(kind, (*key, op.address.value), Inode(pages(op.size)))
    is_new = key not in files
    file = object_of(op, kind, files, scenario)
    if is_new:
        pass
    elif whose == "opened":
        return file.opened()
    if not op.readonly:
        return file
    return files.setdefault((*key, "readonly"), file.opened(readonly=True))


def object_of(op: Mmap | AddSeals, kind: Backing, files: dict[tuple[str, ...], File], scenario: Scenario) -> File:
    """Return the object of an operation as the process first opened it, which it does now if it has not yet."""
    key = (op.kind, op.object)
    file = files.get(key)
    if file is None:
        file = files[key] = File(kind, key, Inode(_length(key, scenario)))
    return file


def _length(key: tuple[str, str], scenario: Scenario) -> int:
    """Return how many pages the object of this kind and name has."""
    return max(
        op.offset + pages(op.size)
        for operations in (scenario.setup, scenario.script)
        for op in operations
        if type(op) is Mmap and (op.kind, op.object) == key
    )
