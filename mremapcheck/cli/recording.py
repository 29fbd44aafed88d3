"""What becomes of a recording: read while the program runs, drawn, tried on the running kernel, written."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from mremapcheck.base.errors import KernelReferenceError, MremapcheckError
from mremapcheck.cli.codes import NOTHING_RAN, of_signal
from mremapcheck.cli.environment import tell
from mremapcheck.cli.scenario_folder import stem
from mremapcheck.cli.strace_logs import read_recording, tell_check, tell_reading, write
from mremapcheck.convert.strace.collect import Collection, FoundScenario, scenarios
from mremapcheck.convert.strace.traced_command import TracedCommand
from mremapcheck.executors.protocol import Executor
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.uname import build
from mremapcheck.linux.versions.version import KernelVersion


def finish(recording: TracedCommand, name: str, log: Path | None, out: Path | None) -> int:
    """Have scenarios made of what a program calls until it ends; return the exit code that is the program's.

    ``log``: where strace's own is kept. Raises MremapcheckError, OutputError.
    """
    source = f"a run of {name}"
    collection, found = _read(recording, log or Path(name), source)
    status = recording.status or 0
    code = of_signal(-status) if status < 0 else status
    tell_reading(collection, found, source)
    if not found:
        return code or NOTHING_RAN
    tell_check(found)
    if status:
        tell(f"mremapcheck: {name} ended with {f'signal {-status}' if status < 0 else f'exit status {status}'}\n")
    write(found, out)
    return code


def _read(recording: TracedCommand, name: Path, source: str) -> tuple[Collection, list[FoundScenario]]:
    """Read what is recorded, and draw it; whatever this machine cannot do, what was recorded is kept."""
    with ExitStack() as stack:
        live, cannot = _start(stack)
        collection = read_recording(name, recording)
        if live:
            try:
                return collection, scenarios(collection, source, stem(name.name), _version(), [live])
            except MremapcheckError as error:
                cannot = error.message
    tell(f"mremapcheck: the scenarios could not be tried here, and expect nothing: {cannot}\n")
    return collection, scenarios(collection, source, stem(name.name))


def _start(stack: ExitStack) -> tuple[Executor | None, str]:
    """Start what tries the scenarios, which takes its time, while the program runs; or return why it cannot be."""
    try:
        return stack.enter_context(open_executor("live")), ""
    except MremapcheckError as error:
        return None, error.message


def _version() -> KernelVersion | None:
    """Return the version of the running kernel; None where it has no place among the releases."""
    try:
        return KernelVersion.of_build(*build())
    except KernelReferenceError:
        return None  # nothing can be expected of it
