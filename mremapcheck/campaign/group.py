"""Mismatches that are one thing: the same smallest form, or the same class and cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mremapcheck.campaign.shard import ShardResult, form
from mremapcheck.compare.finding import Mismatch


@dataclass(slots=True)
class Group:
    """``mismatch`` is the smallest of the group, the first of those of the same size; ``count`` says how many."""

    name: str
    mismatch: Mismatch
    count: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``groups`` of the ``fuzz`` report."""
        return {"name": self.name, "count": self.count, **self.mismatch.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Group:
        """Read what ``to_json`` gave."""
        rest = {key: value for key, value in data.items() if key not in ("name", "count")}
        return cls(data["name"], Mismatch.from_json(rest), data["count"])


class Groups:
    """All groups of a campaign in the order in which they were found."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def add_shard(self, shard: ShardResult) -> list[Group]:
        """Sort a shard's mismatches in; return the groups that are new or have a smaller scenario than before."""
        changed: dict[str, Group] = {}
        for mismatch, more in zip(shard.mismatches, shard.unshrunk, strict=True):
            group, better = self._add(mismatch)
            group.count += more
            if better:
                changed[group.name] = group
        return list(changed.values())

    def restore(self, groups: list[Group]) -> None:
        """Take over the groups of an earlier run."""
        self._groups = {_key(group.mismatch): group for group in groups}

    def _add(self, mismatch: Mismatch) -> tuple[Group, bool]:
        key = _key(mismatch)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(_name(mismatch, key), mismatch)
            return group, True
        group.count += 1
        if size(mismatch.smallest) < size(group.mismatch.smallest):
            group.mismatch = mismatch
            return group, True
        return group, False


def size(document: dict[str, Any]) -> int:
    """Return how much there is to read: the length of what is drawn and said."""
    told = {key: value for key, value in document.items() if key not in ("name", "summary", "about")}
    return len(repr(told))


def _key(mismatch: Mismatch) -> str:
    if mismatch.cause:
        return repr((mismatch.class_name, mismatch.cause))
    return repr(mismatch.signature) + form(mismatch.smallest)


def _name(mismatch: Mismatch, key: str) -> str:
    digest = sha256(key.encode()).hexdigest()[:6]
    return (
        f"{mismatch.class_name}-{mismatch.cause[0]}-{digest}" if mismatch.cause else f"{mismatch.class_name}-{digest}"
    )
