"""One scenario as the C program that one would send with a bug report: straight from mmap to mremap.

It ends with 0 where the kernel did all that its comment says of that Linux, 1 where it did not, 4 where the comment
says nothing of it or a call before the moves failed.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

from mremapcheck.base.text.c import string
from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.eras import eras
from mremapcheck.convert.export.header import header
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.promises import table
from mremapcheck.convert.export.statements import Statements
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.operations import Mmap, Mremap

#: Helpers in the order in which C needs them, each with the headers that it needs; a program has those that it uses.
SNIPPETS = {
    "must": ("stdio.h", "stdlib.h"),
    "say": ("stdarg.h", "stdio.h"),
    "contents": ("fcntl.h",),
    "committed": ("string.h", "sys/wait.h"),
    "keys": (),
    "fails": (),
    "reach": (),
    "fill": ("string.h",),
    "userfaultfd": ("fcntl.h",),
    "unregister": (),
    "writeprotect": (),
    "clear_refs": ("fcntl.h",),
    "events": ("poll.h", "signal.h", "sys/prctl.h"),
    "needed": (),
    "capabilities": (),
    "limit": ("sys/resource.h",),
    "in_use": ("string.h",),
    "seccomp": ("sys/prctl.h",),
    "headroom": (),
    "new_file": ("fcntl.h",),
    "readonly": ("fcntl.h",),
    "ring": ("string.h",),
    "own": ("string.h",),
    "fork": ("sys/wait.h",),
    "mappings": ("string.h",),
    "judge": ("string.h",),
    "move": (),
    "committing_move": (),
    "elsewhere": ("string.h",),
    "layout": (),
    "attributes": ("string.h",),
    "total": ("string.h",),
    "show": ("ctype.h", "string.h"),
    "bits": ("fcntl.h",),
    "was_said": ("fnmatch.h",),
    "check": ("string.h", "sys/utsname.h"),
}
_ALWAYS = ("must", "say", "contents", "mappings", "judge", "move", "show")
_CHECKED = ("was_said", "check")
_NEEDS = {"total": ("in_use",)}
_HEADERS = ("errno.h", "stdio.h", "stdlib.h", "string.h", "sys/mman.h", "sys/syscall.h", "unistd.h")
_ERRNOS = ("EAGAIN", "EFAULT", "EINVAL", "ENOMEM", "EPERM")
_HUGE = 2 << 20
#: The drawing's places are for pages of one size.
_PAGES = ("if (sysconf(_SC_PAGESIZE) != P) {", '\tputs("This is for pages of 4K.");', "\treturn 4;", "}")


def reproducer_text(scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> str:
    """Return the program; ``wanted`` is what its comment tells of each era of kernels."""
    told = eras(wanted)
    statements = Statements(scenario, told)
    body = [*statements.body(), *(("return check(argc > 1 ? argv[1] : NULL);",) if told else ("return 4;",))]
    uses = {*statements.uses, *_ALWAYS, *(_CHECKED if told else ())}
    uses |= {needed for use in uses for needed in _NEEDS.get(use, ())}
    lines = [*header(scenario, wanted), "#define _GNU_SOURCE"]
    includes = {*_HEADERS, *statements.includes, *(name for use in uses for name in SNIPPETS[use])}
    lines += [f"#include <{name}>" for name in sorted(includes)]
    lines += ["", f"#define P {PAGE}UL", f"#define UNIT {_unit(scenario)}", ""]
    if told:
        lines += [*table(told), ""]
    lines += [
        f"static char *const {statements.names[region.name]} = (char *)0x{region.start:x};"
        for region in scenario.regions
        if any(re.search(rf"\b{statements.names[region.name]}\b", line) for line in body)
    ]
    lines += ["", *_regions(scenario, statements.extents), "", *_errnos(wanted), ""]
    for name in SNIPPETS:
        if name in uses:
            lines += [*_snippet(name), ""]
    arguments = "int argc, char **argv" if told else "void"
    lines += [f"int main({arguments})", "{", *(f"\t{line}".rstrip() for line in (*_PAGES, *body)), "}"]
    return "\n".join(lines) + "\n"


def _regions(scenario: Scenario, extents: dict[str, int]) -> Iterator[str]:
    """Yield the table of the drawing's regions; places that the kernel chooses are added while it runs."""
    moves = sum(isinstance(operation, Mremap) for operation in scenario.script)
    yield "/* The drawing: whatever is mapped between floor and ceiling is told of that region. */"
    yield "static struct region { char name[48]; unsigned long start, pages, floor, ceiling; }"
    yield f"regions[{len(scenario.regions) + moves}] = {{"
    for region in scenario.regions:
        bounds = f"0x{region.start:x}, {extents[region.name]}, 0x{region.floor:x}, 0x{region.ceiling:x}"
        yield f"\t{{ {string(region.name)}, {bounds} }},"
    yield "};"
    yield f"static int region_count = {len(scenario.regions)};"


def _errnos(wanted: Sequence[ExpectedFacts]) -> Iterator[str]:
    expected = {text for era in wanted for where, text in era.facts if where.endswith(".errno")}
    yield "static const char *errno_name(int number)"
    yield "{"
    for name in sorted({*_ERRNOS, *(text for text in expected if hasattr(errno, text))}):
        yield f"\tif (number == {name})"
        yield f'\t\treturn "{name}";'
    yield "\treturn strerror(number);"
    yield "}"


def _unit(scenario: Scenario) -> str:
    """Return what sizes are rounded up to by the kernel: those of huge pages to huge pages."""
    kinds = {operation.kind for operation in scenario.operations if isinstance(operation, Mmap)}
    return "(2UL << 20)" if any(KINDS[kind].backing.unit == _HUGE for kind in kinds) else "P"


def _snippet(name: str) -> Iterator[str]:
    yield from files(__package__).joinpath("snippets", f"{name}.c").read_text(encoding="utf-8").splitlines()
