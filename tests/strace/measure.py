"""Real programs under strace: every mremap call drawn for itself, and held against what the log says came of it.

``python -m tests.strace.measure -- COMMAND`` prints a row of the table; ``--log LOG`` reads a log instead.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from mremapcheck.convert.strace.check import answer, draw_all
from mremapcheck.convert.strace.collect import hides_hint
from mremapcheck.convert.strace.oracles import models
from mremapcheck.convert.strace.processes import Reading, traced_moves
from mremapcheck.convert.strace.redraw import Sketch, sketch
from mremapcheck.convert.strace.traced_command import TracedCommand
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.parse import parse_document
from tests.strace.reading import read_calls


@dataclass(slots=True)
class Row:
    """What came of one program's calls: ``made``, those that a drawing represents, and those that it reproduces."""

    made: int = 0
    represented: int = 0
    live: int = 0
    model: int = 0
    unread: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    #: How often what a trace cannot show had to be taken from the result, in the words that readers get.
    repairs: Counter[str] = field(default_factory=Counter)
    #: The lines of what is drawn and does something else.
    wrong: list[str] = field(default_factory=list)


def measure(lines: Iterable[str]) -> Row:
    """Draw every call of a log, and run it on the running kernel and on the model of its release."""
    row, reading = Row(), Reading()
    alike: dict[object, list[Sketch]] = {}
    for seen in traced_moves(read_calls(lines, reading.ledger), reading):
        made = sketch(seen)
        alike.setdefault((made.shape, made.size, seen.old_size, seen.new_size), []).append(made)
    row.made = reading.moves
    row.unread = reading.ledger.not_read
    for why, left in reading.left.items():
        row.reasons[why] += left.count
    groups = list(alike.values())
    model, *_ = models(KernelVersion.of_build(os.uname().release, os.uname().version))
    with LiveExecutor(timeout=60) as live:
        drawings = draw_all([group[0] for group in groups], [live])
    told = [(group, drawing) for group, drawing in zip(groups, drawings, strict=True) if drawing.document is not None]
    for group, drawing in zip(groups, drawings, strict=True):
        if drawing.document is None:
            row.reasons[drawing.why] += len(group)
    executions = model.run([parse_document(drawing.document) for _, drawing in told])
    for (group, drawing), execution in zip(told, executions, strict=True):
        if not drawing.holds:
            hidden = "new_address is hidden" if hides_hint(group[0].seen) else drawing.seen
            row.reasons[f"no expectation: {hidden}"] += len(group)
            row.wrong.append(f"line {group[0].seen.line}: {drawing.seen}")
            continue
        row.represented += len(group)
        row.live += len(group)
        row.repairs.update({note: len(group) for note in drawing.style.notes})
        if wrong := answer(drawing.sketch, execution):
            row.wrong.append(f"line {group[0].seen.line}, model: {wrong}")
        else:
            row.model += len(group)
    return row


def measure_command(command: Sequence[str]) -> Row:
    """Run a command under strace, and measure what it called."""
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with TracedCommand(command, log, stdout=2) as recording:
            return measure(recording.lines())


if __name__ == "__main__":
    if sys.argv[1] == "--log":
        with Path(sys.argv[2]).open(encoding="utf-8", errors="replace") as file:
            found = measure(file)
    else:
        found = measure_command(sys.argv[2:])
    print(f"made {found.made} represented {found.represented} live {found.live} model {found.model}", end=" ")
    print(f"unread {found.unread} {dict(found.reasons)}")
    for note, count in found.repairs.items():
        print(f"  {count}: {note}")
    for each in found.wrong[:20]:
        print(f"  {each}")
