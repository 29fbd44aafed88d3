"""The machine's own package manager, asked from a private corner: nothing of the system's is changed, nobody is root.

The mirror, its keys, proxies and everything else are those that the machine is set up with; only the suites and the
architecture are ours. apt's own programs do the work; what they lack, and so is done here, is to keep two of us apart,
to tell how far they are, and to notice where they get nowhere.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.executors.vm.images import cache
from mremapcheck.executors.vm.images.apt_process import (
    SOURCES,
    apt_command,
    complaints,
    environment,
    give_up,
    run,
    start,
)
from mremapcheck.executors.vm.images.sources import apt_setting, machine_sources, stanzas

_SUITES = re.compile(r"(bullseye|bookworm|trixie|forky|sid|unstable|testing|(?:oldold|old)?stable)(-[a-z-]+)?$")
#: Suites that hold kernels of their own: 5.10; 6.1; 6.12, twice; 6.16 and everything newer; what is to come, twice.
_MAIN = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid", "experimental")
_SECURITY = ("bullseye-security", "bookworm-security", "trixie-security")


_PRINTED = re.compile(r"^'(?P<address>[^']+)' \S+ [0-9]+ (?P<checksum>\S+)$", re.MULTILINE)
#: Bytes that the lists take, and a kernel's package with the kernel out of it.
_ROOM = 320 << 20
#: Seconds after which apt-get is given up where nothing comes: it stops for ever on a full disk, for one.
_SILENCE = 180.0
#: Seconds between two looks at whether another one is done.
_TICK = 0.2


class AptError(MremapcheckError):
    """Packages cannot be had from here."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package as the index has it; ``size`` in bytes."""

    name: str
    version: str
    size: int


class Apt:
    """apt for packages of one architecture, in Debian's words, with lists and downloads of its own in the cache folder.

    Raises AptError when made without apt.
    """

    def __init__(self, architecture: str) -> None:
        for tool in ("apt-get", "apt-cache", "apt-config"):
            if shutil.which(tool) is None:
                raise AptError(
                    f"kernels are fetched by Debian's package manager, and there is no {tool} here",
                    "get a kernel package (.rpm or .deb) yourself, then `mremapcheck kernels add FILE`",
                )
        self.folder = cache.writable("apt", architecture)
        self._architecture = architecture
        self._sources, self._updated = self.folder / SOURCES, self.folder / "updated"
        methods = apt_setting("Dir::Bin::methods/d", environment()) or "/usr/lib/apt/methods"
        self._helper = Path(methods).parent / "apt-helper"
        self._lock = -1

    @contextmanager
    def alone(self, wait: Callable[[], None]) -> Iterator[None]:
        """Keep every other mremapcheck of this user away; ``wait`` is called now and then while another is at it.

        A download that outlives its mremapcheck, which was killed, keeps the next one away as well.
        """
        with cache.writing(self.folder):
            self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(self._lock):
                wait()
                time.sleep(_TICK)
            with cache.writing(self.folder):
                for part in ("lists/partial", "cache/archives/partial"):
                    (self.folder / part).mkdir(parents=True, exist_ok=True)
                (self.folder / "status").touch()
            yield
        finally:
            os.close(self._lock)

    def check_room(self) -> None:
        """Raise AptError where the disk is too full to begin: apt's own ways to notice are not nice."""
        room = shutil.disk_usage(self.folder).free
        if room < _ROOM:
            raise AptError(
                f"the disk of the cache folder {self.folder} is full: lists of packages and a kernel want"
                f" {_ROOM >> 20} MiB, and {room >> 20} are left",
                "set XDG_CACHE_HOME to a folder on another disk",
            )

    def is_fresh(self, seconds: float) -> bool:
        """Tell whether the lists are younger than that, and of the sources that the machine has now."""
        try:
            return self._sources.read_text() == _sources() and time.time() - self._updated.stat().st_mtime < seconds
        except OSError:
            return False

    def update(self, tick: Callable[[], None]) -> None:
        """Get the lists of packages, with checked signatures; raise AptError where there are none at all.

        ``tick`` is called now and then meanwhile.
        """
        self._sources.write_text(_sources())
        errors = self._get_lists(tick)
        troubles = list(dict.fromkeys(complaints(errors)))
        if not any(self.folder.glob("lists/*_Packages*")):
            raise AptError("no list of packages could be got from the configured mirror", hint=_listed(troubles))
        self._updated.write_text(_listed(troubles))

    def _get_lists(self, tick: Callable[[], None]) -> str:
        """Run ``apt-get update`` and return what it complained of; raise AptError where it gets nowhere."""
        command = self._command("apt-get", "-q", "update")
        size, since = -1, time.monotonic()
        with tempfile.TemporaryFile("w+") as errors:
            process = start(command, errors.fileno(), self._lock)
            try:
                while process.poll() is None:
                    time.sleep(_TICK)
                    tick()
                    before, size = size, self._size_of_lists()
                    since = time.monotonic() if size != before else since
                    if time.monotonic() - since > _SILENCE:
                        raise AptError(f"apt-get update got nothing for {_SILENCE:.0f} s", "is the mirror well?")
            except BaseException:
                give_up(process)
                raise
            errors.seek(0)
            return errors.read()

    def _size_of_lists(self) -> int:
        size = 0
        for file in self.folder.glob("lists/**/*"):
            with suppress(OSError):  # apt renames and removes them
                size += file.stat().st_size
        return size

    def troubles(self) -> str:
        """Return what kept lists from being got the last time, a line for each, or ''."""
        try:
            return self._updated.read_text()
        except OSError:
            return ""

    def suites(self) -> list[str]:
        """Return the suites of which there are lists of packages."""
        return self._run("apt-get", "indextargets", "--format", "$(RELEASE)", "Created-By: Packages").stdout.split()

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
        command = self._command(
            str(self._helper), "-q", "download-file", found["address"], str(file), found["checksum"]
        )
        return start(command, subprocess.PIPE, self._lock)

    def _command(self, tool: str, *arguments: str) -> list[str]:
        return apt_command(self.folder, self._architecture, tool, *arguments)

    def _run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self._command(tool, *arguments))


def _sources() -> str:
    """Return sources with our suites on the machine's mirrors; raise AptError where it has none of Debian."""
    main = security = None
    for source in machine_sources(environment()):
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


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listed(lines: list[str]) -> str:
    return "\n        ".join(lines)
