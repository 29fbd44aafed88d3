"""``mremapcheck import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.cli.codes import GOOD, NOTHING_RAN
from mremapcheck.cli.completion import versions
from mremapcheck.cli.options import option
from mremapcheck.cli.scenario_folder import refuse_taken, stem
from mremapcheck.cli.strace_logs import read_logs, tell_reading, write
from mremapcheck.convert.strace.calls import CALLS
from mremapcheck.convert.strace.collect import scenarios
from mremapcheck.convert.strace.logs import source_of, stem_of
from mremapcheck.convert.strace.oracles import models
from mremapcheck.linux.versions.version import KernelVersion

_HELP = f"""Turn logs into scenarios: one for each kind of mremap that a program makes, with what lay around it.

Record with: strace -f -y -e raw=mremap -o LOG COMMAND

It is faster with -e trace= and the calls that are read, without blanks between them (a ? before one that this strace
does not know): {", ".join(CALLS)}.

Read are strace's logs with any of its options, perf trace's and ltrace's (-S), quoted or wrapped ones too.
"""


def import_(
    logs: Annotated[
        list[Path], typer.Argument(metavar="LOG...", help="What `strace -f -y -o LOG` (or -ff) wrote; - is stdin.")
    ],
    out: Annotated[
        Path | None,
        option("--output -o", "DIR", "A file for each, instead of stdout."),
    ] = None,
    kernel: Annotated[
        str | None,
        option("--kernel", "RELEASE", "Where it was recorded: expect there what it shows.", autocompletion=versions),
    ] = None,
) -> int:
    """See ``_HELP``: the calls to trace come from the one list."""
    if kernel and "@" in kernel:
        raise MremapcheckError(
            "logs are read as those of x86-64, with pages of 4K", "give the release, without its `@`"
        )
    version = KernelVersion.parse(kernel) if kernel else None
    collection, begin = read_logs(logs)
    source = source_of(logs)
    found = scenarios(collection, source, stem(stem_of(logs)), version, models(version))
    tell_reading(collection, found, source, begin)
    if not found:
        return NOTHING_RAN
    refuse_taken(out, (each.name for each in found))
    write(found, out)
    return GOOD


import_.__doc__ = _HELP
