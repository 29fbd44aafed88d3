"""Compiling and running what was exported."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.convert.export.pack import Packed, pack_text
from tests.tools import tool

FLAGS = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")


def compiled(source: str, path: Path, *more: str) -> Path:
    """Compile without any warning; skip where there is no compiler."""
    compiler = tool("cc")
    file = path.with_suffix(".c")
    file.write_text(source)
    done = subprocess.run([compiler, *FLAGS, *more, "-o", path, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    assert not done.stderr
    return path


@dataclass(frozen=True)
class Test:
    """One result of KTAP: the facts of ``--verbose``, and the other diagnostics."""

    __test__ = False

    good: bool
    directive: str
    facts: tuple[str, ...]
    notes: tuple[str, ...]


class Pack:
    """A compiled pack."""

    def __init__(self, packed: Sequence[Packed], path: Path, imitated: str = "", optimize: str = "-O0") -> None:
        self.path = compiled(pack_text(packed, imitated), path, "-static", optimize)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        return subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)

    def tests(self, *arguments: str) -> dict[str, Test]:
        """Run it and read its KTAP."""
        return read_ktap(self.run(*arguments).stdout)


def read_ktap(text: str) -> dict[str, Test]:
    """Read KTAP as strictly as a parser of the kernel's would."""
    lines = text.splitlines()
    assert lines[0] == "KTAP version 1"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    assert plan
    found: dict[str, Test] = {}
    notes: list[str] = []
    for line in lines[2:]:
        if line.startswith("# "):
            notes.append(line[2:])
            continue
        result = re.fullmatch(r"(ok|not ok) (\d+) ([^ #]+)(?: # (.*))?", line)
        assert result, line
        assert int(result[2]) == len(found) + 1
        facts = [note for note in notes if re.match(r"(moves\[|regions\.|layout\.|counters\.|events:)", note)]
        facts = [note for note in facts if ": expected " not in note]
        rest = [note for note in notes if note not in facts]
        found[result[3]] = Test(result[1] == "ok", result[4] or "", tuple(facts), tuple(rest))
        notes = []
    assert len(found) == int(plan[1])
    return found
