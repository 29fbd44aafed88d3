"""The machine's own package manager, asked from a private corner: nothing of the system's is changed, nobody is root.

The mirror, its keys, proxies and everything else are those that the machine is set up with; only the suites are ours.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.errors import MremapcheckError
from mremapcheck.images import cache

_ETC = Path("/etc/apt")
#: Where Debian's package of keys puts them.
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SUITES = re.compile(r"(bullseye|bookworm|trixie|forky|sid|unstable|testing|(?:oldold|old)?stable)(-[a-z-]+)?$")
#: Suites that hold kernels of their own: 5.10; 6.1; 6.12; 6.16 and everything newer.
_MAIN = ("bullseye", "bookworm", "trixie", "trixie-backports")
_SECURITY = ("bullseye-security", "bookworm-security", "trixie-security")


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
        for tool in ("apt-get", "apt-cache"):
            if shutil.which(tool) is None:
                raise AptError(
                    f"kernels are fetched by Debian's package manager, and there is no {tool} here",
                    "get a kernel package (.rpm or .deb) yourself, then `mremapcheck kernels add FILE`",
                )
        self.folder = cache.writable("apt")
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()

    def is_fresh(self, seconds: float) -> bool:
        """Tell whether the lists are younger than that, and of the sources that the machine has now."""
        stamp, sources = self.folder / "updated", self.folder / "sources.list"
        try:
            return sources.read_text() == _sources() and time.time() - stamp.stat().st_mtime < seconds
        except OSError:
            return False

    def update(self) -> list[str]:
        """Get the lists of packages, with checked signatures; return a line for each suite that could not be had.

        Raises AptError where there are none at all.
        """
        (self.folder / "sources.list").write_text(_sources())
        done = self._run("apt-get", "-q", "update")
        troubles = [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith(("E: ", "W: "))]
        if not any(self.folder.glob("lists/*_Packages*")):
            raise AptError("no list of packages could be got from the configured mirror: " + "; ".join(troubles))
        (self.folder / "updated").touch()
        return troubles

    def packages(self, pattern: str) -> list[Package]:
        """Return all versions of all packages whose name matches a regular expression."""
        names = self._run("apt-cache", "search", "--names-only", pattern).stdout
        wanted = [line.partition(" ")[0] for line in names.splitlines()]
        if not wanted:
            return []
        found: dict[tuple[str, str], Package] = {}
        for fields in _stanzas(self._run("apt-cache", "show", *wanted).stdout):
            if fields.keys() >= {"Package", "Version", "Size"}:
                key = fields["Package"], fields["Version"]
                found[key] = Package(*key, int(fields["Size"]))
        return [package for package in found.values() if re.search(pattern, package.name)]

    def start_download(self, package: Package, folder: Path) -> subprocess.Popen[str]:
        """Start to download a package into ``folder``, going on with what lies there of it; checksums are apt's."""
        return subprocess.Popen(
            self._command("apt-get", "-q", "download", f"{package.name}={package.version}"),
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
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
            "Dir::Etc::SourceList": folder / "sources.list",
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
        }
        return [tool, *(word for key, value in options.items() for word in ("-o", f"{key}={value}")), *arguments]


def _sources() -> str:
    """Return a sources.list with our suites on the machine's mirrors; raise AptError where it has none of Debian."""
    main, security = _mirrors()
    if not main:
        raise AptError(
            "this machine's package manager is set up with no mirror of Debian, whose kernels would be fetched",
            "get a kernel package yourself, then `mremapcheck kernels add FILE`",
        )
    lines = []
    for mirror, suites in ((main, _MAIN), (security, _SECURITY)):
        keys = _keys_of(mirror)
        option = f"[signed-by={','.join(keys)}] " if keys else ""
        lines += [f"deb {option}{mirror} {suite} main\n" for suite in suites if mirror]
    return "".join(lines)


def _mirrors() -> tuple[str, str]:
    """Ask apt for the addresses of Debian's archive and of its security archive, '' for what is not set up."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    ).stdout
    main = security = ""
    for line in targets.splitlines():
        address, _, release = line.partition(" ")
        suite = _SUITES.match(release.strip())
        if suite and suite[2] == "-security":
            security = security or address
        elif suite:
            main = main or address
    return main, security


def _keys_of(mirror: str) -> list[str]:
    """Return the key files that the machine's own sources name for a mirror."""
    for words, address in _signed_sources():
        if mirror and address.rstrip("/") == mirror.rstrip("/"):
            return words
    return [str(_KEYS)] if _KEYS.exists() else []


def _signed_sources() -> Iterator[tuple[list[str], str]]:
    """Yield (key files, address) from sources in both formats."""
    for path in (_ETC / "sources.list", *sorted((_ETC / "sources.list.d").glob("*"))):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        if path.suffix == ".sources":
            for fields in _stanzas(text):
                keys = [word for word in fields.get("Signed-By", "").split() if word.startswith("/")]
                yield from ((keys, address) for address in fields.get("URIs", "").split() if keys)
        else:
            for found in re.finditer(r"^deb\s+\[[^]]*signed-by=(\S+?)[\s\]][^]]*\]?\s*(\S+)", text, re.MULTILINE):
                yield found[1].split(","), found[2]


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if line[:1] in (" ", "\t"):
                fields[key] = f"{fields.get(key, '')} {line.strip()}"
            elif not line.startswith("#"):
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        yield fields


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
