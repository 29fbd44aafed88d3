"""The machine's own sources of packages, as apt reads them: where the mirrors are, and by which keys they sign.

Read from the files, not from the lists of packages: a fresh machine, or a container, has none. Nor by `apt-get
indextargets`, which tells neither them then nor the keys.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"^deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)", re.MULTILINE)
_SWITCHED_OFF = ("no", "false", "0", "off", "without", "disable")
#: What has to come along where other suites are asked of the same mirror.
_KEPT = {"signed-by": "Signed-By", "check-valid-until": "Check-Valid-Until"}


@dataclass(frozen=True, slots=True)
class Source:
    """A suite on a mirror; ``options`` are lines of the newer format that tell how to trust it."""

    address: str
    suite: str
    options: tuple[str, ...] = ()

    def with_suites(self, suites: tuple[str, ...]) -> str:
        """Return a stanza of the newer format for other suites on the same mirror."""
        lines = ["Types: deb", f"URIs: {self.address}", f"Suites: {' '.join(suites)}", "Components: main"]
        return "".join(f"{line}\n" for line in (*lines, *self.options))


def machine_sources(environment: Mapping[str, str]) -> Iterator[Source]:
    """Yield the sources that this machine's apt is set up with, in apt's order."""
    files = [Path(apt_setting("Dir::Etc::sourcelist/f", environment))]
    parts = Path(apt_setting("Dir::Etc::sourceparts/d", environment))
    files += sorted(file for file in parts.glob("*") if file.suffix in (".list", ".sources"))
    for file in files:
        try:
            text = file.read_text("utf-8", "replace")
        except OSError:
            continue
        yield from _stanza_sources(text) if file.suffix == ".sources" else _line_sources(text)


def apt_setting(name: str, environment: Mapping[str, str]) -> str:
    """Return a setting of this machine's apt, '' for what it does not know; ``/f`` and ``/d`` make a path whole."""
    command = ["apt-config", "shell", "VALUE", name]
    told = subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout
    return "".join(shlex.split(told)).partition("=")[2]


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each stanza of a control file; lines that go on keep their line ends."""
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if line[:1] in (" ", "\t"):
                fields[key] = f"{fields.get(key, '')}\n {line.strip()}"
            elif line.strip() and not line.startswith("#"):
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        if fields:
            yield fields


def _stanza_sources(text: str) -> Iterator[Source]:
    for stanza in stanzas(text):
        fields = {name.lower(): value for name, value in stanza.items()}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in _SWITCHED_OFF:
            options = tuple(f"{name}: {fields[key]}" for key, name in _KEPT.items() if key in fields)
            for address in fields.get("uris", "").split():
                yield from (Source(address, suite, options) for suite in fields.get("suites", "").split())


def _line_sources(text: str) -> Iterator[Source]:
    for found in _LINE.finditer(text):
        words = [word.partition("=") for word in (found[1] or "").split()]
        given = {name.lower(): value.replace(",", " ") for name, _, value in words}
        options = tuple(f"{name}: {given[key]}" for key, name in _KEPT.items() if key in given)
        yield Source(found[2], found[3], options)
