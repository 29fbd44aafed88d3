"""``mremapcheck record``."""

from __future__ import annotations

import os
from mmap import PAGESIZE
from pathlib import Path
from typing import Annotated

import typer

from mremapcheck.base.errors import KernelReferenceError, MremapcheckError
from mremapcheck.base.units import PAGE
from mremapcheck.cli.codes import NOTHING_RAN, of_signal
from mremapcheck.cli.environment import tell
from mremapcheck.cli.options import option
from mremapcheck.cli.strace_logs import read_recording, refuse_taken, stem, tell_check, tell_reading, write
from mremapcheck.convert.strace.collect import scenarios
from mremapcheck.convert.strace.traced_command import TracedCommand
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.uname import build
from mremapcheck.linux.versions.version import KernelVersion

_STDERR = 2


def record(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")],
    out: Annotated[
        Path | None,
        option("--output -o", "DIR", "A file for each, instead of stdout."),
    ] = None,
    log: Annotated[Path | None, option("--log", "FILE", "Also keep strace's own log.")] = None,
) -> int:
    """Run a program under strace and turn each kind of mremap that it makes into a scenario.

    Afterwards the scenarios are run on the running kernel, to see whether they do what the program saw. The
    exit status is the program's; 4 where it was 0 and there is no scenario. Ctrl-C goes to the program.

    Without --output the scenarios are standard output, and the program's own goes to standard error.
    """
    if PAGESIZE != PAGE:
        raise MremapcheckError(
            f"logs are read with pages of {PAGE >> 10}K, and here they are of {PAGESIZE >> 10}K",
            "record where pages are of that size, or write the scenario: `mremapcheck init`",
        )
    name = Path(command[0]).name
    try:
        version = KernelVersion.of_build(*build())
    except KernelReferenceError:
        version = None  # nothing can be expected of a kernel that has no place among the releases
    refuse_taken(out, (path.stem for path in out.glob(f"{stem(name)}-*.yaml")) if out else ())
    with os.fdopen(os.memfd_create(name), "rb") as file:  # one without a name is never left behind
        kept = log or Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        with TracedCommand(command, kept, _STDERR if out is None else None) as recording:
            recording.wait()
        status = recording.status
        collection = read_recording(log or Path(name), recording)
        source = f"a run of {name}"
        try:
            with open_executor("live") as live:
                found = scenarios(collection, source, stem(name), version, [live])
        except MremapcheckError as error:  # what was recorded is kept, whatever this machine cannot do
            tell(f"mremapcheck: the scenarios could not be tried here, and expect nothing: {error.message}\n")
            found = scenarios(collection, source, stem(name))
    code = of_signal(-status) if status < 0 else status
    tell_reading(collection, found, source)
    if not found:
        return code or NOTHING_RAN
    tell_check(found)
    if status:
        tell(f"mremapcheck: {name} ended with {f'signal {-status}' if status < 0 else f'exit status {status}'}\n")
    write(found, out)
    return code
