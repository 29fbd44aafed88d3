"""From plain data (lists, mappings, text, numbers, as YAML and JSON have them) to a Scenario."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from mremapcheck.base.errors import Problem, ScenarioError
from mremapcheck.scenario.document import Process, Scenario
from mremapcheck.scenario.drawing import LETTERS
from mremapcheck.scenario.format import DOCUMENT, DocumentItem
from mremapcheck.scenario.items import MremapItem
from mremapcheck.scenario.lower import Lowering, place_regions
from mremapcheck.scenario.reader import Enough, Path, Reader, Refused, Unusable, Violation, show

#: Tells the line and column of a path in the file, of its key or of its value, both from 1.
Marks: TypeAlias = Callable[[Path, bool], tuple[int, int]]

MOVE = "add one: `- {old_address: src, old_size: 1p}`"
_NO_PROCESS = Process()


def parse_document(data: Any, *, path: str = "", line: int = 0, name: str = "", marks: Marks | None = None) -> Scenario:
    """Return the scenario that a document describes.

    ``name`` is used where the document has none; ``path`` and ``line`` say where it stands, ``marks`` more exactly so.
    Raises ScenarioError with everything that is wrong.
    """
    reader = Reader(*_defined(data))
    try:
        document = DOCUMENT.read(data, reader)
    except Refused as refused:
        reader.refuse(refused)
    except (Unusable, Enough):
        pass
    if reader.violations:
        raise ScenarioError([_problem(violation, path, line, marks) for violation in reader.violations])
    name = document.name or name or "scenario"
    moves = sum(isinstance(item, MremapItem) for item in document.moves)
    reader.violations += _count_moves(document, moves)
    regions = place_regions(document.map, document.moves)

    def line_of(at: Path) -> int:
        return marks(at, False)[0] if marks else line

    lowering = Lowering({region.name: region for region in regions}, line_of, reader.violations)
    lowering.run(document)
    if reader.violations:
        raise ScenarioError([_problem(violation, path, line, marks) for violation in reader.violations])
    return Scenario(
        name=name,
        summary=document.summary or name,
        about=document.about,
        cite=document.cite,
        regions=regions,
        setup=tuple(lowering.setup),
        script=tuple(lowering.script),
        process=document.process.process() if document.process else _NO_PROCESS,
        expect=tuple([item.entry(line_of(("expect", index))) for index, item in enumerate(document.expect)]),
        features=frozenset(lowering.features),
        document=data if document.name else {"name": name, **data},
        path=path,
        line=line,
    )


def _defined(data: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of regions and letters that a document defines, however wrong the rest of it is."""
    if type(data) is not dict:
        return frozenset(), frozenset()
    regions: set[str] = set()
    drawings: list[str] = []
    drawn = data.get("map")
    if type(drawn) is dict:
        for name, region in drawn.items():
            regions.add(name)
            text = region.get("pages") if type(region) is dict else region
            if type(text) is str:
                drawings.append(text)
    moves = data.get("moves")
    if type(moves) is list:
        for item in moves:
            if type(item) is dict and "letter" in item and type(item["letter"]) is str:
                drawings.append(item["letter"])
    return frozenset(regions), frozenset(re.findall(LETTERS, "".join(drawings)))


def _count_moves(document: DocumentItem, moves: int) -> list[Violation]:
    if not moves:
        return [Violation(("moves",), "there is no move: an item without `op` is a mremap", MOVE, on_key=False)]
    violations = []
    for index, entry in enumerate(document.expect):
        if entry.moves is not None and len(entry.moves) != moves:
            message = f"{len(entry.moves)} moves are expected, the scenario makes {moves}"
            violations.append(
                Violation(("expect", index, "moves"), message, "`{}` says nothing about a move", on_key=False)
            )
    return violations


def _problem(violation: Violation, path: str, line: int, marks: Marks | None) -> Problem:
    if marks is not None:
        row, column = marks(violation.path, violation.on_key)
        return Problem(path, row, column, violation.message, violation.hint)
    where = show(violation.path)
    return Problem(path, line, 0, f"{where}: {violation.message}" if where else violation.message, violation.hint)
