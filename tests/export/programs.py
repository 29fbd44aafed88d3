"""Compiling and running what was exported."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mremapcheck.convert.export.pack import Packed, pack_text
from mremapcheck.convert.export.reproducer import SNIPPETS
from tests.tools import tool

FLAGS = ("-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror")


def compiled(source: str, path: Path, *more: str, compiler: str = "cc") -> Path:
    """Compile without any warning; skip where there is no compiler."""
    file = path.with_suffix(".c")
    file.write_text(source)
    done = subprocess.run(
        [tool(compiler), *FLAGS, *more, "-o", path, file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:4000]
    assert not done.stderr
    return path


_COMMON = """
static unsigned long UNIT;
static const struct era *wanted;
static struct region *regions;
static int region_count;
"""


def together(sources: Sequence[str]) -> str:
    """Return reproducers as one program, which runs the one whose number it is given.

    Each keeps its own tables and main(); the helpers are the same in all and stand there once, which compiles in a
    tenth of the time.
    """
    longest = max(sources, key=lambda source: source.count('return "E'))
    snippets = files("mremapcheck.convert.export").joinpath("snippets")
    includes = {line for source in sources for line in source.splitlines() if line.startswith("#include")}
    parts = ["#define _GNU_SOURCE", *sorted(includes), *re.findall(r"^#define (?!_|UNIT).*", longest, re.M)]
    parts += [_found(r"struct era \{.*?\}", longest) + ";", _found(r"struct region \{.*?\}", longest) + ";", _COMMON]
    parts += [_found(r"^static const char \*errno_name.*?^\}", longest)]
    parts += [snippets.joinpath(f"{name}.c").read_text() for name in SNIPPETS]
    for number, source in enumerate(sources):
        places = re.findall(r"^static char \*const (\w+)", source, re.M)
        parts += [f"#define {name} {name}_{number}" for name in places]
        parts += re.findall(r"^static char \*const .*;", source, re.M)
        tables = _found(r"^static const struct era .*?^\};", source), _found(r"^regions\[.*?^\};", source)
        parts += [re.sub(r"struct era .*? wanted", f"struct era wanted_{number}", tables[0], count=1)]
        parts += ["static struct region " + tables[1].replace("regions[", f"regions_{number}[", 1)]
        count = _found(r"(?<=region_count = )\d+", source)
        main = _found(r"^int main\(.*", source)
        begin = f"\twanted = wanted_{number};\n\tregions = regions_{number};\n\tregion_count = {count};\n"
        begin += f"\tUNIT = {_found(r'(?<=#define UNIT ).*?$', source)};\n"
        parts += [main.replace("int main(", f"static int main_{number}(").replace("{\n", "{\n" + begin, 1)]
        parts += [f"#undef {name}" for name in places]
    parts += ["int main(int argc, char **argv)", "{", "\tint number = atoi(argv[1]);"]
    parts += [
        f"\tif (number == {number})\n\t\treturn main_{number}(argc - 1, argv + 1);" for number in range(len(sources))
    ]
    return "\n".join([*parts, "\treturn 70;", "}", ""])


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.M | re.S)
    assert found, pattern
    return found[0]


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
        facts = [note for note in notes if re.match(r"(moves\[|regions\.|layout\.|counters\.|bits\.|events:)", note)]
        facts = [note for note in facts if ": expected " not in note]
        rest = [note for note in notes if note not in facts]
        found[result[3]] = Test(result[1] == "ok", result[4] or "", tuple(facts), tuple(rest))
        notes = []
    assert len(found) == int(plan[1])
    return found
