"""The smallest set of small scenarios that tells two kernels apart: one for each class of difference and its cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mremapcheck.campaign.campaign import Campaign
from mremapcheck.campaign.chained import smallest_first
from mremapcheck.campaign.group import Group, size
from mremapcheck.campaign.source import Listed
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.finding import SETUP
from mremapcheck.compare.pair import Opener
from mremapcheck.executors.references import is_model, open_executor

#: How often each chosen scenario may be run while it is shrunk.
TRIES = 200

_RANK = {name: rank for rank, name in enumerate(CLASSES)}


def plan(a: str, b: str, seed: int, more: int, opener: Opener = open_executor) -> Campaign:
    """Return the campaign: enumerations from the smallest on, then ``more`` random scenarios."""
    source = smallest_first(seed, more, is_model(a) and is_model(b))
    return Campaign(a, b, source, source.count, tries=0, by_cause=True, opener=opener)


def refinement(first: Campaign, chosen: Sequence[Group]) -> Campaign:
    """Return the campaign that shrinks what was chosen of the first one, which had no time for that."""
    documents = tuple(group.mismatch.smallest for group in chosen)
    return replace(first, source=Listed(documents), count=len(documents), tries=TRIES, shard_size=1)


def refined(chosen: Sequence[Group], shrunk: Iterable[Group]) -> list[Group]:
    """Return the shrunk groups, each with the number of mismatches that it stands for."""
    counts: dict[object, int] = {}
    for group in chosen:
        counts[_key(group)] = counts.get(_key(group), 0) + group.count
    best = select(shrunk)
    for group in best:
        group.count = counts.get(_key(group), group.count)
    return best


def select(groups: Iterable[Group]) -> list[Group]:
    """Return one group for each class and cause, the worst class first, the smallest scenario of each.

    Without a known cause (two real kernels) it is one for each class and pair of answers. What concerns operations
    other than mremap is left out.
    """
    best: dict[object, Group] = {}
    for group in groups:
        mismatch = group.mismatch
        if mismatch.class_name not in _RANK or mismatch.class_name == SETUP:
            continue
        key = _key(group)
        other = best.get(key)
        if other is None or size(mismatch.smallest) < size(other.mismatch.smallest):
            best[key] = group
    return sorted(best.values(), key=lambda group: (_RANK[group.mismatch.class_name], size(group.mismatch.smallest)))


def _key(group: Group) -> object:
    mismatch = group.mismatch
    return (mismatch.class_name, mismatch.cause) if mismatch.cause else (mismatch.class_name, None, *mismatch.signature)
