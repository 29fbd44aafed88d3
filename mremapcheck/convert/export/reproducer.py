"""One scenario as the C program that one would send with a bug report: straight from mmap to mremap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.header import header
from mremapcheck.convert.export.oracle import Wanted
from mremapcheck.convert.export.statements import Statements
from mremapcheck.scenario.document import Scenario

#: Helpers in the order in which C needs them; a program has those that it uses.
SNIPPETS = (
    "must",
    "fails",
    "reach",
    "fill",
    "userfaultfd",
    "events",
    "capabilities",
    "limit",
    "in_use",
    "headroom",
    "ring",
    "own",
    "move",
    "maps",
    "status",
    "show",
    "show_runs",
)
_ALWAYS = ("errno.h", "stdio.h", "stdlib.h", "sys/mman.h", "sys/syscall.h", "unistd.h")
_NEEDED = {
    "userfaultfd": ("fcntl.h", "linux/userfaultfd.h", "sys/ioctl.h"),
    "events": ("signal.h", "sys/prctl.h", "sys/wait.h"),
    "in_use": ("string.h",),
    "limit": ("sys/resource.h",),
    "status": ("string.h",),
    "ring": ("string.h",),
    "own": ("string.h",),
}
#: Regions longer than this are drawn with runs.
_LONG = 64


def reproducer_text(scenario: Scenario, wanted: Sequence[Wanted]) -> str:
    """Return the program; ``wanted`` is what its comment tells of each era of kernels."""
    statements = Statements(scenario)
    body = list(statements.body())
    long = statements.longest > _LONG
    uses = {*statements.uses, "must", "maps", "show_runs" if long else "show"}
    lines = [*header(scenario, wanted), "#define _GNU_SOURCE"]
    includes = {*_ALWAYS, *statements.includes, *(name for use in uses for name in _NEEDED.get(use, ()))}
    lines += [f"#include <{name}>" for name in sorted(includes)]
    lines += ["", f"#define P {PAGE}UL"]
    lines += [
        f"static char *const {statements.names[region.name]} = (char *)0x{region.start:x};"
        for region in scenario.regions
    ]
    lines.append("")
    for name in SNIPPETS:
        if name in uses:
            lines += [*_snippet(name), ""]
    lines += ["int main(void)", "{", *(f"\t{line}".rstrip() for line in body), "}"]
    return "\n".join(lines) + "\n"


def _snippet(name: str) -> Iterator[str]:
    yield from files(__package__).joinpath("snippets", f"{name}.c").read_text(encoding="utf-8").splitlines()
