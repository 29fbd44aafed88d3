"""The kinds of mappings as the pack's interpreter has them: each one's part of every switch."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from textwrap import indent

from mremapcheck.base.text.c import short_comment, string
from mremapcheck.convert.export.c_text import kind as constant
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Kind


def with_kinds(source: str) -> str:
    """Return a part of the interpreter with all kinds in the places that it leaves for them."""
    for place, written in _PLACES.items():
        mark = short_comment(f"@{place}@")
        if mark in source:
            source = source.replace(mark, written())
    return source


def _names() -> str:
    return ", ".join(constant(name) for name in KINDS)


def _functions() -> str:
    return "\n".join(dict.fromkeys(kind.c.functions.strip("\n") + "\n" for kind in KINDS.values() if kind.c.functions))


def _cases(body: Callable[[Kind], str]) -> str:
    return "\n".join(
        f"\tcase {constant(kind.name)}: {{\n{indent(text, chr(9) * 2)}\n\t}}"
        for kind in KINDS.values()
        if (text := body(kind).strip("\n"))
    )


def _make(kind: Kind) -> str:
    return f"{kind.c.make}\nbreak;" if kind.c.make and not kind.c.make.endswith("return fd;") else kind.c.make


def _map(kind: Kind) -> str:
    """Return what maps it, or makes mmap's flags complete."""
    c = kind.c
    if c.map:
        return c.map
    private = f"if (step->sharing & PRIVATE)\n\tflags |= {c.private};"
    return "\n".join(filter(None, (private, f"flags |= {c.flags};" if c.flags else "", "break;")))


def _skip(kind: Kind) -> str:
    lines = list(_reasons(kind))
    return "\n".join([*lines, "break;"]) if lines else ""


def _reasons(kind: Kind) -> Iterator[str]:
    for code, reason in kind.skip.items():
        yield f"if (errno == {errno.errorcode[code]})\n\tskip({string(reason)});"


_PLACES: dict[str, Callable[[], str]] = {
    "names": _names,
    "functions": _functions,
    "make": lambda: _cases(_make),
    "map": lambda: _cases(_map),
    "skip": lambda: _cases(_skip),
}
