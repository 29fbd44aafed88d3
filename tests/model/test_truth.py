"""The model against 2,000 random calls on each of twelve real kernels.

The files were recorded by an independent C program, one process for each call, as root under QEMU: a scenario, then the
errno or the address returned, the mappings, and for each page whether it was present and its first byte.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Touch
from mremapcheck.scenario.parse import parse_document

FILES = sorted((Path(__file__).parent.parent / "data" / "truth").glob("*.jsonl.xz"))
#: A distribution's 7.2.12 built without the two fixes of 6.17-rc3.
PREPATCH = "7.2.12-early-failure-thp-multi-move"


def reference(file: Path) -> str:
    name = file.name.removesuffix(".jsonl.xz")
    return PREPATCH if name == "prepatch" else name


def lines(file: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(file, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


@cache
def parsed(document: str) -> Scenario:
    return parse_document(json.loads(document))


def first_bytes(scenario: Scenario) -> dict[tuple[str, int], str]:
    """Return what the recorder wrote for each (letter, page): 11, 12 ... in order, 77 to the destination's X."""
    written: dict[tuple[str, int], str] = {}
    count = 0x11
    for op in scenario.script:
        if isinstance(op, Touch):
            for tag in op.tags:
                if tag.letter == "X":
                    written[tag.letter, tag.page] = "77"
                else:
                    written[tag.letter, tag.page] = f"{count:02x}"
                    count += 1
    return written


def moved(outcome: Outcome) -> dict[str, Any]:
    """Return errno and result; the recorder printed places of the kernel's choice as plain numbers."""
    (last,) = outcome.moves
    return {"errno": last.errno, "result": last.result}


def disagreement(scenario: Scenario, outcome: Outcome, truth: dict[str, Any]) -> str | None:
    """Return what differs, or None. Mappings before a region's start were not recorded."""
    seen = moved(outcome)
    if truth["result"] is not None and not re.match("src|dst", truth["result"]):
        truth = {**truth, "result": "elsewhere"}
    if seen != {"errno": truth["errno"], "result": truth["result"]}:
        return f"{seen} and not {truth['errno']}, {truth['result']}"
    mappings = sorted(
        (m.region, m.start, m.pages, m.prot, m.sharing)
        for m in outcome.mappings
        if m.start >= 0 and m.region in ("src", "dst")
    )
    wanted = sorted((m["region"], m["start"], m["pages"], m["prot"], m["sharing"]) for m in truth["mappings"])
    if mappings != wanted:
        return f"mappings {mappings} and not {wanted}"
    written = first_bytes(scenario)
    contents = {
        (region, start + index): written[letter, first + index]
        for region, start, pages, letter, first in outcome.contents
        for index in range(pages)
    }
    for mapping in truth["mappings"]:
        region, start, recorded = mapping["region"], mapping["start"], mapping["bytes"]
        for index in range(0, len(recorded), 2):
            page, byte = start + index // 2, recorded[index : index + 2]
            present = outcome.residency[region][page] == "#"
            if present != (byte != "--"):
                return f"{region}+{page}p present: {present}, recorded {byte}"
            if byte not in ("--", "??") and contents.get((region, page), "00") != byte:
                return f"{region}+{page}p holds {contents.get((region, page))}, recorded {byte}"
    return None


@pytest.mark.parametrize("file", FILES, ids=reference)
def test_the_model_does_what_the_kernel_did(file: Path) -> None:
    executor = ModelExecutor(resolve(reference(file)))
    wrong = []
    count = 0
    for line in lines(file):
        scenario = parsed(json.dumps(line["scenario"]))
        execution = executor.execute(scenario)
        count += 1
        if execution.outcome is None:
            wrong.append(f"{scenario.name}: {execution.reason}")
            continue
        difference = disagreement(scenario, execution.outcome, line)
        if difference is not None:
            wrong.append(f"{scenario.name}: {difference}")
    assert wrong == []
    assert count == 2000


def test_all_kernels_were_there() -> None:
    assert len(FILES) == 12


def test_the_records_tell_kernels_apart() -> None:
    """A model of another kernel is found out: the test above could fail."""
    executor = ModelExecutor(resolve("6.16.12"))
    file = next(file for file in FILES if file.name.startswith("6.17.13"))
    wrong = 0
    for line in lines(file):
        scenario = parsed(json.dumps(line["scenario"]))
        outcome = executor.execute(scenario).outcome
        assert outcome is not None
        wrong += disagreement(scenario, outcome, line) is not None
    assert wrong == 481
