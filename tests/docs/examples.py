"""The examples of the manual and the README: files and commands on a page, run in a folder of the page's own.

A block with a name behind its language, as in ``yaml FILE``, is a file. In a ``console`` block a line ``$ COMMAND`` is
run, and what follows is all that it prints; ``...`` on a line of its own stands for any lines. Other blocks of commands
(``sh``) are only parsed.

``python -m tests.docs.examples`` writes what the commands print today into the pages, or those of the topics that it is
given, links all pages in the README, and makes the man pages and the schema for editors.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.cli.reference import PARTS, man_pages
from mremapcheck.docs import filled, topics
from mremapcheck.scenario.schema import FILE, as_file

ROOT = Path(__file__).parent.parent.parent
MAN = ROOT / "mremapcheck" / "docs" / "man"
PAGES = (ROOT / "README.md", *sorted((ROOT / "mremapcheck" / "docs").glob("*.md")))

_BLOCK = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command of a ``console`` block, and what the page says that it prints."""

    command: str
    printed: str


def blocks(page: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield (file name or nothing, content) of a page's blocks in one language."""
    for found in _BLOCK.finditer(page):
        if found[1] == language:
            yield found[2] or "", found[3]


def examples(block: str) -> Iterator[Example]:
    """Yield the commands of a ``console`` block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield Example(command, printed)


def prepare(page: str, folder: Path) -> None:
    """Write the page's files; ``scenarios/`` is there too."""
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    for found in _BLOCK.finditer(page):
        if found[2]:
            (folder / found[2]).write_text(found[3], encoding="utf-8")


def run(command: str, folder: Path) -> str:
    """Return what a command prints, off a terminal and without colours."""
    program = folder / "bin" / "mremapcheck"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mremapcheck "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def agrees(told: str, printed: str) -> bool:
    """Tell whether a command prints what the page says; trailing blanks do not count."""
    pattern = "".join(
        "(?:.*\n)*" if line == "..." else re.escape(line.rstrip()) + "\n" for line in told.rstrip("\n").split("\n")
    )
    text = "".join(f"{line.rstrip()}\n" for line in printed.rstrip("\n").split("\n"))
    return re.fullmatch(pattern, text) is not None


def renewed(page: str, folder: Path) -> str:
    """Return the page as it is today: what commands print, unless ``...`` shortens it, and its reference parts."""

    def renew(found: re.Match[str]) -> str:
        if found[1] != "console":
            return found[0]
        parts = []
        for example in examples(found[3]):
            printed = run(example.command, folder)
            keep = agrees(example.printed, printed)
            parts.append(f"$ {example.command}\n{example.printed if keep else printed}")
        return f"```console\n{''.join(parts)}```"

    prepare(page, folder)
    return filled(_BLOCK.sub(renew, page), PARTS)


def contents() -> str:
    """Return the rows with which the README links the pages."""
    return "".join(f"| [{topic}](mremapcheck/docs/{topic}.md) | {about} |\n" for topic, about in topics().items())


def write_contents() -> None:
    """Link the pages that there are in the README."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"(?:^\| \[.*\n)+", contents(), text, flags=re.MULTILINE), encoding="utf-8")


def write_man_pages() -> None:
    """Make the man pages that the package ships."""
    for old in MAN.glob("man*/*"):
        old.unlink()
    for path, content in man_pages():
        (MAN / path).parent.mkdir(parents=True, exist_ok=True)
        (MAN / path).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for path in PAGES:
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            with TemporaryDirectory() as name:
                path.write_text(renewed(path.read_text(encoding="utf-8"), Path(name)), encoding="utf-8")
    write_contents()
    write_man_pages()
    FILE.write_text(as_file(), encoding="utf-8")
