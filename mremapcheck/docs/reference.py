"""The reference parts of the manual, made from the definitions that parse, judge and report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mremapcheck.compare.classes import CLASSES
from mremapcheck.kinds import KINDS
from mremapcheck.scenario.attributes import Attributes
from mremapcheck.scenario.expect import EXPECT
from mremapcheck.scenario.format import DocumentItem, ProcessItem, RegionItem, RlimitsItem
from mremapcheck.scenario.items import ITEM, MremapItem
from mremapcheck.scenario.names import ADVICES, CAPABILITIES
from mremapcheck.scenario.records import Record


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _keys(record: Record[Any]) -> Iterator[tuple[str, ...]]:
    for name in record.keys:
        yield f"`{name}`", record.about[name]


def _kinds() -> Iterator[tuple[str, ...]]:
    for kind in KINDS.values():
        more = [name for name, has in (("file", kind.file), ("offset", kind.offset)) if has]
        yield f"`{kind.name}`", kind.about, ", ".join(kind.sharing), ", ".join(more)


def _operations() -> Iterator[tuple[str, ...]]:
    for name, record in ITEM.records.items():
        about = (record.made.__doc__ or "").partition("\n")[0]
        yield f"`{name}`", about, ", ".join(f"`{key}`" for key in record.keys)


def _classes() -> Iterator[tuple[str, ...]]:
    for each in CLASSES.values():
        yield f"`{each.name}`", each.about


_KEYS = ("key", "what it says")

#: Name -> what writes it.
PARTS: Mapping[str, Callable[[], str]] = {
    "classes": lambda: _table(("class", "what it says"), _classes()),
    "kinds": lambda: _table(("kind", "what is mapped", "sharing", "takes"), _kinds()),
    "document": lambda: _table(_KEYS, _keys(Record(DocumentItem))),
    "region": lambda: _table(_KEYS, _keys(Record(RegionItem))),
    "attributes": lambda: _table(_KEYS, _keys(Record(Attributes))),
    "mremap": lambda: _table(_KEYS, _keys(Record(MremapItem))),
    "operations": lambda: _table(("`op`", "what it does", "keys"), _operations()),
    "process": lambda: _table(_KEYS, _keys(Record(ProcessItem))),
    "rlimits": lambda: _table(_KEYS, _keys(Record(RlimitsItem))),
    "expect": lambda: _table(_KEYS, _keys(EXPECT)),
    "advices": lambda: ", ".join(f"`{advice}`" for advice in ADVICES),
    "capabilities": lambda: ", ".join(f"`{name}`" for name in CAPABILITIES),
}
