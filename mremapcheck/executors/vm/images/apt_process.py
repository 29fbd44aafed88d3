"""Running apt: every tool of it with the same settings, which keep it out of the system's way."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mremapcheck.linux import programs

#: The file of sources in apt's private folder.
SOURCES = "mremapcheck.sources"
#: Seconds that a tool is given to end by itself.
_PATIENCE = 5.0


def apt_command(folder: Path, architecture: str, tool: str, *arguments: str) -> list[str]:
    """Return a command line of apt that knows one architecture and has everything of its own below ``folder``."""
    options = {
        "Dir::Etc::SourceList": folder / SOURCES,
        "Dir::Etc::SourceParts": "-",
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::pkgcache": "pkgcache.bin",  # containers switch it off, and every question takes seconds
        "Dir::Cache::srcpkgcache": "",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",  # stays the user who asks
        "APT::Update::Post-Invoke": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # Whatever the machine lets pass: what nobody has signed is not booted.
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::AllowWeakRepositories": "false",
        "Acquire::AllowDowngradeToInsecureRepositories": "false",
        "APT::Get::AllowUnauthenticated": "false",
    }
    return [tool, *(word for key, value in options.items() for word in ("-o", f"{key}={value}")), *arguments]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = programs.start(command, stdin=subprocess.DEVNULL, text=True, env=environment(), **pipes)
    try:
        out, errors = process.communicate()
    except BaseException:
        give_up(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def start(command: list[str], errors: int, lock: int) -> subprocess.Popen[str]:
    """Start a tool, which holds on to the lock as long as it lives; ``give_up`` ends it."""
    return programs.start(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        text=True,
        pass_fds=(lock,),
    )


def give_up(download: subprocess.Popen[str]) -> None:
    """End a download so that the next one can go on with it: apt's methods then note what they got a part of."""
    with suppress(ProcessLookupError):
        os.killpg(download.pid, signal.SIGTERM)
    try:
        download.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(download.pid, signal.SIGKILL)
        download.wait()


def complaints(errors: str) -> Iterator[str]:
    """Yield what apt complains of, without what only says that it has."""
    for line in errors.splitlines():
        if line.startswith(("E: ", "W: ")) and "Some index files failed" not in line:
            yield line[3:].strip()


def environment() -> dict[str, str]:
    """Return the environment for apt: it speaks English and asks nothing."""
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
