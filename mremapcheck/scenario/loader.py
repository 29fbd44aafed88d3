"""Scenario files: one scenario each, or several YAML documents; folders of them; standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.errors import Problem, ScenarioError
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.files import Unreadable, find, read, shown
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.plain import Plain, read_json, read_yaml
from mremapcheck.scenario.unquoted import unquoted

#: A name that a document gives itself.
_NAMED = re.compile(r"""^name:\s*["']?([A-Za-z0-9._-]+)""", re.MULTILINE)

#: When so much is known to be wrong with a file nobody wants to know the rest.
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be loaded, in order, and everything that is wrong with the rest.

    ``broken``: by path, what the scenarios of a file with errors may be called, as far as that can be told.
    """

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]
    broken: Mapping[str, Sequence[str]] = field(default_factory=dict)


def load_paths(paths: Iterable[str | Path], doubts: bool = False) -> Loaded:
    """Load files, and folders with everything below them in sorted order; ``-`` is standard input.

    With ``doubts`` the problems have what other readers of YAML would take for something else, as warnings. A file
    that is given twice is loaded once. Names are unique: a second scenario of a name is a problem.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    named: dict[str, Scenario] = {}
    broken: dict[str, Sequence[str]] = {}
    for file in find(paths):
        loaded = _unreadable(file) if isinstance(file, Unreadable) else load_file(file, doubts)
        broken.update(loaded.broken)
        problems += loaded.problems
        for scenario in loaded.scenarios:
            first = named.setdefault(scenario.name, scenario)
            if first is scenario:
                scenarios.append(scenario)
                continue
            message = f"there is another scenario `{scenario.name}`, at {first.path}:{first.line}"
            problems.append(Problem(scenario.path, scenario.line, 1, message, "give it a `name:` of its own"))
            broken.setdefault(scenario.path, [scenario.name])
    return Loaded(tuple(scenarios), tuple(problems), broken)


def load_file(path: str | Path, doubts: bool = False) -> Loaded:
    """Load one file, as JSON if it is called so, else as YAML; a file that cannot be read is a problem."""
    path = Path(path)
    try:
        content = read(path)
    except Unreadable as error:
        return _unreadable(error)
    return load_bytes(content, shown(path), json=path.suffix == ".json", doubts=doubts)


def load_bytes(content: bytes, path: str = "<text>", json: bool = False, doubts: bool = False) -> Loaded:
    """Load the content of a file; ``path`` is what problems call it, and names scenarios that have no name."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = Problem(path, line, column, "this is not UTF-8 text", "save it as UTF-8")
        return Loaded((), (problem,), {path: [_name(path)]})
    documents, mistake = read_json(text) if json else read_yaml(text)
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    if mistake is not None:
        problems.append(Problem(path, *mistake))
    written = [document for document in documents if document.data is not None or document.mistakes]
    if not written and mistake is None:
        hint = "one has at least `summary:`, `map:` and `moves:`"
        problems.append(Problem(path, 1, 1, "there is no scenario in this file", hint))
    stem = _name(path)
    for index, document in enumerate(written):
        name = stem if index == 0 else f"{stem}-{index + 1}"
        if len(problems) >= MOST_PROBLEMS:
            what = f"so much is wrong that the other {len(written) - index} documents were not looked at"
            problems.append(Problem(path, document.line, 1, what, "mend these first"))
            break
        scenario, wrong = _load(document, path, name)
        problems += wrong
        if scenario is not None:
            scenarios.append(scenario)
    broken = {path: _names(text, stem, len(written))} if problems else {}
    if doubts and not json:
        problems += unquoted(text, path)
    return Loaded(tuple(scenarios), tuple(problems), broken)


def _names(text: str, stem: str, count: int) -> list[str]:
    """Return what the documents of a file may be called, without relying on anything in it."""
    return [stem, *(f"{stem}-{index}" for index in range(2, count + 1)), *_NAMED.findall(text)]


def _load(document: Plain, path: str, name: str) -> tuple[Scenario | None, list[Problem]]:
    problems = [Problem(path, *mistake) for mistake in document.mistakes]
    if not document.whole:
        return None, problems
    try:
        scenario = parse_document(document.data, path=path, line=document.line, name=name, marks=document.marks)
    except ScenarioError as error:
        return None, sorted([*problems, *error.problems])
    return (None if problems else scenario), problems


def _unreadable(error: Unreadable) -> Loaded:
    path = shown(error.path)
    return Loaded((), (Problem(path, 0, 0, error.message, error.hint),), {path: [_name(path)]})


def _name(path: str) -> str:
    stem = re.sub(r"[^a-z0-9._-]+", "-", Path(path).stem.lower()).strip("-._")
    return stem[:90] or "scenario"
