"""The ``expect`` block of a document in a YAML file, put in the place of another; all other lines stay as they are."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mremapcheck.base.errors import OutputError, Problem, ScenarioError
from mremapcheck.base.text import yaml
from mremapcheck.base.whole_file import write_whole
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.loader import load_bytes

_KEY = re.compile(r"[^\s#-][^:]*:")
_EXPECT = re.compile(r"(?:expect|'expect'|\"expect\")\s*:")
_DOCUMENT = re.compile(r"(?:---|\.\.\.)(?:\s|$)")


def write(path: Path, renewed: Sequence[tuple[Scenario, Sequence[Mapping[str, Any]]]]) -> None:
    """Write other expectations into a file, all at once or not at all.

    Raises ScenarioError for a file that is no YAML in block style, OutputError where it cannot be written.
    """
    try:
        text = path.read_text(encoding="utf-8")
        for scenario, entries in sorted(renewed, key=lambda pair: -pair[0].line):
            text = rewritten(text, scenario.line, entries)
        again = {scenario.name: scenario for scenario in load_bytes(text.encode(), str(path)).scenarios}
        for scenario, entries in renewed:
            if scenario.name not in again or again[scenario.name].document.get("expect") != list(entries):
                what = "expectations cannot be written into this file"
                hint = "they can be into YAML with each key of a scenario on a line of its own"
                raise ScenarioError([Problem(str(path), scenario.line, 1, what, hint)])
        mode = stat.S_IMODE(path.stat().st_mode)
        write_whole(path, text.encode(), mode)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None


def rewritten(text: str, line: int, entries: Sequence[Mapping[str, Any]]) -> str:
    """Return a file with other expectations in the document that begins on ``line``, from 1.

    A comment stays above the entry that it stood above, as long as one for the same kernels is there; else above the
    first. The document has to be written in YAML's block style, as all but JSON is.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    end = next((at for at in range(line, len(lines)) if _DOCUMENT.match(lines[at])), len(lines))
    start = next((at for at in range(line - 1, end) if _EXPECT.match(lines[at])), None)
    if start is None:
        place = _last_content(lines, line - 1, end)
        return "".join([*lines[:place], *_block(entries, {}), *lines[place:]])
    after = next((at for at in range(start + 1, end) if _KEY.match(lines[at])), end)
    place = _last_content(lines, start, after)
    return "".join([*lines[:start], *_block(entries, _comments(lines[start + 1 : place])), *lines[place:]])


def _last_content(lines: Sequence[str], start: int, end: int) -> int:
    """Return where the lines that say something end; blank lines and comments behind them belong to what follows."""
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _comments(lines: Sequence[str]) -> dict[str, list[str]]:
    """Return the comment lines above each entry, by the entry's kernels."""
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for line in lines:
        if line.lstrip().startswith("#"):
            waiting.append(line)
            continue
        kernel = re.search(r"kernel:\s*(\"[^\"]*\"|'[^']*'|[^,}#\n]+)", line)
        if waiting and kernel:
            found.setdefault(_plain(kernel[1]), []).extend(waiting)
            waiting = []
    found.setdefault("", []).extend(waiting)
    return found


def _plain(kernels: str) -> str:
    return kernels.strip().strip("'\"").replace(" ", "")


def _block(entries: Sequence[Mapping[str, Any]], comments: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "expect:\n"
    known = {_plain(str(entry.get("kernel", ""))) for entry in entries}
    for kernels, lines in comments.items():
        if kernels not in known:
            yield from lines
    for entry in entries:
        yield from comments.get(_plain(str(entry.get("kernel", ""))), ())
        yield yaml.entry(entry)
