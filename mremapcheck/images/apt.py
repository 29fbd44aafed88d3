"""The machine's own package manager, asked from a private corner: nothing of the system's is changed, nobody is root.

The mirror, its keys, proxies and everything else are those that the machine is set up with; only the suites are ours.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.errors import MremapcheckError
from mremapcheck.images import cache
from mremapcheck.images.sources import apt_setting, machine_sources, stanzas

_SUITES = re.compile(r"(bullseye|bookworm|trixie|forky|sid|unstable|testing|(?:oldold|old)?stable)(-[a-z-]+)?$")
#: Suites that hold kernels of their own: 5.10; 6.1; 6.12; 6.16 and everything newer.
_MAIN = ("bullseye", "bookworm", "trixie", "trixie-backports")
_SECURITY = ("bullseye-security", "bookworm-security", "trixie-security")


_PRINTED = re.compile(r"^'(?P<address>[^']+)' \S+ [0-9]+ (?P<checksum>\S+)$", re.MULTILINE)
#: Seconds between two looks at whether another one is done.
_TICK = 0.2
#: Seconds that a download is given to end by itself.
_PATIENCE = 5.0


class AptError(MremapcheckError):
    """Packages cannot be had from here."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package as the index has it; ``size`` in bytes."""

    name: str
    version: str
    size: int


class Apt:
    """apt with lists and downloads of its own below the cache folder. Raises AptError when made without apt."""

    def __init__(self) -> None:
        for tool in ("apt-get", "apt-cache", "apt-config"):
            if shutil.which(tool) is None:
                raise AptError(
                    f"kernels are fetched by Debian's package manager, and there is no {tool} here",
                    "get a kernel package (.rpm or .deb) yourself, then `mremapcheck kernels add FILE`",
                )
        self.folder = cache.writable("apt")
        self._sources, self._updated = self.folder / "mremapcheck.sources", self.folder / "updated"
        methods = apt_setting("Dir::Bin::methods/d", _environment()) or "/usr/lib/apt/methods"
        self._helper = Path(methods).parent / "apt-helper"
        self._lock = -1

    @contextmanager
    def alone(self, wait: Callable[[], None]) -> Iterator[None]:
        """Keep every other mremapcheck of this user away; ``wait`` is called now and then while another is at it.

        A download that outlives its mremapcheck, which was killed, keeps the next one away as well.
        """
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(self._lock):
                wait()
                time.sleep(_TICK)
            for part in ("lists/partial", "cache/archives/partial"):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            (self.folder / "status").touch()
            yield
        finally:
            os.close(self._lock)

    def is_fresh(self, seconds: float) -> bool:
        """Tell whether the lists are younger than that, and of the sources that the machine has now."""
        try:
            return self._sources.read_text() == _sources() and time.time() - self._updated.stat().st_mtime < seconds
        except OSError:
            return False

    def update(self) -> None:
        """Get the lists of packages, with checked signatures; raise AptError where there are none at all."""
        self._sources.write_text(_sources())
        done = self._run("apt-get", "-q", "update")
        troubles = list(dict.fromkeys(complaints(done.stderr)))
        if not any(self.folder.glob("lists/*_Packages*")):
            raise AptError("no list of packages could be got from the configured mirror", hint=_listed(troubles))
        self._updated.write_text(_listed(troubles))

    def troubles(self) -> str:
        """Return what kept lists from being got the last time, a line for each, or ''."""
        try:
            return self._updated.read_text()
        except OSError:
            return ""

    def packages(self, pattern: str) -> list[Package]:
        """Return all versions of all packages whose name matches a regular expression."""
        names = self._run("apt-cache", "search", "--names-only", pattern)
        if names.returncode:
            raise AptError("the lists of packages cannot be read: " + "; ".join(complaints(names.stderr)))
        wanted = [line.partition(" ")[0] for line in names.stdout.splitlines()]
        if not wanted:
            return []
        found: dict[tuple[str, str], Package] = {}
        for fields in stanzas(self._run("apt-cache", "show", *wanted).stdout):
            if fields.keys() >= {"Package", "Version", "Size"}:
                key = fields["Package"], fields["Version"]
                found[key] = Package(*key, int(fields["Size"]))
        return [package for package in found.values() if re.search(pattern, package.name)]

    def start_download(self, package: Package, file: Path) -> subprocess.Popen[str]:
        """Start to download a package into ``file``, going on with what there is of it; apt checks the checksum.

        Not by ``apt-get download``, which begins anew each time. It runs in a session of its own: see ``give_up``.
        """
        told = self._run("apt-get", "-q", "download", "--print-uris", f"{package.name}={package.version}")
        found = _PRINTED.search(told.stdout)
        if found is None:
            raise AptError(f"{package.name} could not be downloaded: " + "; ".join(complaints(told.stderr)))
        return subprocess.Popen(
            self._command(str(self._helper), "-q", "download-file", found["address"], str(file), found["checksum"]),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(self._lock,),
            start_new_session=True,
        )

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*command),
            capture_output=True,
            text=True,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def _command(self, tool: str, *arguments: str) -> list[str]:
        folder = self.folder
        options = {
            "Dir::Etc::SourceList": self._sources,
            "Dir::Etc::SourceParts": "-",
            "Dir::State": folder,
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Cache::pkgcache": "pkgcache.bin",  # containers switch it off, and every question takes seconds
            "Dir::Cache::srcpkgcache": "",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
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


def _sources() -> str:
    """Return sources with our suites on the machine's mirrors; raise AptError where it has none of Debian."""
    main = security = None
    for source in machine_sources(_environment()):
        suite = _SUITES.match(source.suite)
        if suite and suite[2] == "-security":
            security = security or source
        elif suite:
            main = main or source
    if main is None:
        raise AptError(
            "this machine's package manager is set up with no mirror of Debian, whose kernels would be fetched",
            "get a kernel package yourself, then `mremapcheck kernels add FILE`",
        )
    parts = [main.with_suites(_MAIN), *([security.with_suites(_SECURITY)] if security else [])]
    return "\n".join(parts)


def give_up(download: subprocess.Popen[str]) -> None:
    """End a download so that the next one can go on with it: apt's methods then note what they got a part of."""
    with suppress(ProcessLookupError):
        os.killpg(download.pid, signal.SIGTERM)
    try:
        download.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(download.pid, signal.SIGKILL)
        download.wait()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def complaints(errors: str) -> Iterator[str]:
    """Yield what apt complains of, without what only says that it has."""
    for line in errors.splitlines():
        if line.startswith(("E: ", "W: ")) and "Some index files failed" not in line:
            yield line[3:].strip()


def _listed(lines: list[str]) -> str:
    return "\n        ".join(lines)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
