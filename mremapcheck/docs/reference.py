"""The reference parts of the manual, made from the definitions that parse, judge and report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import cleandoc, getsource
from typing import Any, TypeAlias

from mremapcheck.compare.classes import CLASSES
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.pipeline import Step
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import CHANGES, NEWEST, by_id
from mremapcheck.executors.references import FORMS
from mremapcheck.linux.platforms import PLATFORMS
from mremapcheck.linux.vm_flags import VM_FLAGS
from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN, Status
from mremapcheck.scenario.attributes import Attributes
from mremapcheck.scenario.containers import Struct, TaggedUnion
from mremapcheck.scenario.expect import EVENT, EXPECT, Counters, MappingItem, MeasuredMoveItem
from mremapcheck.scenario.flags import NAMES
from mremapcheck.scenario.format import DocumentItem, ProcessItem, RegionItem, RlimitsItem, SeccompItem
from mremapcheck.scenario.items import ITEM, MremapItem
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import ADVICES, CAPABILITIES, PROTS, UFFD_MODES
from mremapcheck.scenario.verdicts import FAILURES, SUCCESSES

#: Name -> what writes a part, as Markdown.
Parts: TypeAlias = Mapping[str, Callable[[], str]]


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; the first column says what the others are about."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def listed(names: Iterable[str]) -> str:
    """Return names as they are written in files, between commas."""
    return ", ".join(f"`{name}`" for name in names)


def _markdown(docstring: str) -> str:
    return docstring.replace("``", "`")


def _keys(*records: Struct[Any]) -> str:
    rows = (
        (f"`{name}`", f"{record.about[name]}{' (required)' if name in record.required else ''}")
        for record in records
        for name in record.keys
    )
    return table(("key", "what it says"), dict.fromkeys(rows))


def _platforms() -> Iterator[tuple[str, ...]]:
    for name, platform in PLATFORMS.items():
        end, lowest, huge = f"`{platform.user_end:#x}`", f"{platform.lowest >> 10}K", f"{platform.huge_page >> 20}M"
        own = f"{platform.vdso} and {platform.vvar} pages"
        measured = f"Debian's `{platform.kernels}`" if platform.measured else "nothing"
        yield f"`{name}`", f"{platform.page_size >> 10}K", end, lowest, huge, own, measured


def _kinds() -> Iterator[tuple[str, ...]]:
    for kind in KINDS.values():
        takes = [f"`{name}`" for name, has in (("file", kind.file), ("offset", kind.offset)) if has]
        came = [f", since {change.release}" for change in CHANGES if kind.feature in change.provides]
        needs = "".join([kind.feature or "", *came])
        yield f"`{kind.name}`", kind.about, ", ".join(kind.sharing), ", ".join(takes), needs


def _operations() -> Iterator[tuple[str, ...]]:
    for name, record in ITEM.records.items():
        about = _markdown((record.made.__doc__ or "").partition("\n")[0])
        yield f"`{name}`", about, listed(key for key in record.keys if key != "op")


def _of(operations: Sequence[str]) -> str:
    """Name the operations, or those that are not among them, whichever are fewer."""
    others = [name for name in ITEM.records if name not in operations]
    return listed(operations) if len(operations) < len(others) else f"all but {listed(others)}"


def _operation_keys() -> str:
    """Return the keys that only operations have; those of mappings are told with ``vmas``."""
    known = Struct(Attributes).keys
    keys: dict[str, list[str]] = {}
    for name, record in ITEM.records.items():
        for key in record.keys:
            if key != "op" and (key not in known or name != "mmap"):
                keys.setdefault(f"`{key}`: {record.about[key]}", []).append(name)
    rows = ((*text.split(": ", 1), _of(names)) for text, names in keys.items())
    return table(("key", "what it says", "of"), rows)


def _verdicts() -> Iterator[tuple[str, ...]]:
    for call, verdicts in (("succeeded", SUCCESSES), ("failed", FAILURES)):
        for verdict, about in verdicts.items():
            yield f"`{verdict}`", call, about


def _statuses(statuses: Mapping[str, Status]) -> str:
    return table(("status", "what it says"), ((f"`{each.name}`", each.about) for each in statuses.values()))


def _history() -> Iterator[tuple[str, ...]]:
    for change in CHANGES:
        yield f"`{change.id}`", _since(change), change.commit or "not known", change.summary


_DOCSTRING = re.compile(r'""".*?"""', re.DOTALL)
#: The pipelines that a call can go through, and what each is in the kernel.
_PIPELINES = {
    "mremap": "What the call asks first",
    "mremap_at": "Without FIXED and DONTUNMAP: grow or shrink in place, or move to where the kernel likes",
    "mremap_to": "With FIXED or DONTUNMAP",
    "move_each": "A range of several mappings, for each of them",
    "check_vma": "What is asked of a mapping",
    "move_vma": "A mapping moves",
    "grow": "Growth in place",
    "place": "Where a copy goes",
    "munmap": "Unmapping, of a destination, a tail or a source",
    "finish": "At the end",
}


def _steps() -> str:
    """Return the steps of the newest kernel in their order: which errno comes first, and what was done before it."""
    pipelines = resolve(str(NEWEST)).steps()
    parts = []
    for name, title in _PIPELINES.items():
        rows = (_step(step) for step in pipelines[name])
        parts.append(f"### {title}\n\n{table(('step', 'errno', 'what it does', 'since'), rows)}")
    return "\n\n".join(parts)


def _step(step: Step) -> tuple[str, ...]:
    function = step.function
    about = _markdown(" ".join(cleandoc(function.__doc__ or "").partition("\n\n")[0].split()))
    errnos = dict.fromkeys(re.findall(r"\bE[A-Z]{3,}\b", _DOCSTRING.sub("", getsource(function))))
    change = by_id(step.change or "")
    return f"`{step.slot}`", ", ".join(errnos), about, str(change.release) if change else ""


def _since(change: Change) -> str:
    releases = [] if change.stable_only else [str(change.release)]
    return ", ".join([*releases, *map(str, change.stable)])


PARTS: Parts = {
    "classes": lambda: table(("class", "what it says"), ((f"`{each.name}`", each.about) for each in CLASSES.values())),
    "verdicts": lambda: table(("verdict", "the call", "what is left"), _verdicts()),
    "run-statuses": lambda: _statuses(OF_RUN),
    "comparison-statuses": lambda: _statuses(OF_COMPARISON),
    "references": lambda: table(("reference", "what is asked"), ((f"`{form}`", text) for form, text in FORMS.items())),
    "history": lambda: table(("change", "since", "commit", "what user space sees"), _history()),
    "steps": _steps,
    "platforms": lambda: table(
        ("platform", "pages", "user space ends at", "lowest address", "huge pages", "vdso, vvar", "measured on"),
        _platforms(),
    ),
    "kinds": lambda: table(("kind", "what is mapped", "sharing", "takes", "needs"), _kinds()),
    "document": lambda: _keys(Struct(DocumentItem)),
    "region": lambda: _keys(Struct(RegionItem)),
    "attributes": lambda: _keys(Struct(Attributes)),
    "mremap": lambda: _keys(Struct(MremapItem)),
    "operations": lambda: table(("`op`", "what it does", "keys"), _operations()),
    "operation-keys": _operation_keys,
    "process": lambda: _keys(Struct(ProcessItem)),
    "rlimits": lambda: _keys(Struct(RlimitsItem)),
    "expect": lambda: _keys(EXPECT),
    "move-expect": lambda: _keys(Struct(MeasuredMoveItem)),
    "mapping-expect": lambda: _keys(Struct(MappingItem)),
    "mapping-flags": lambda: listed(sorted(VM_FLAGS.values())),
    "seccomp": lambda: _keys(Struct(SeccompItem)),
    "counters": lambda: _keys(Struct(Counters)),
    "events": lambda: _keys(*EVENT.records.values()) if isinstance(EVENT, TaggedUnion) else "",
    "flags": lambda: listed(NAMES),
    "prots": lambda: listed(PROTS),
    "uffd-modes": lambda: listed(UFFD_MODES),
    "advices": lambda: listed(ADVICES),
    "capabilities": lambda: listed(CAPABILITIES),
}
