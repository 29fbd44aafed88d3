"""A mismatch as a ready scenario file: what both kernels did in comments above, the scenario below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mremapcheck.base.text import yaml
from mremapcheck.base.text.terminal import one_line
from mremapcheck.campaign.group import Group
from mremapcheck.compare.difference import Difference
from mremapcheck.scenario.schema import modeline

#: Keys of a document as the shipped scenarios have them; a random one has no more.
_ORDER = ("name", "summary", "map", "vmas", "process", "moves")


def write(group: Group, names: tuple[str, str], folder: Path) -> Path:
    """Write the group's scenario into ``folder`` and return the file; ``names`` are the references of A and B."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{group.name}.yaml"
    path.write_text(scenario_text(group, names))
    return path


def scenario_text(group: Group, names: tuple[str, str]) -> str:
    """Return the file's text; everything but the scenario itself is in comments."""
    comments = "".join(f"{line}\n" for text in describe(group, names) for line in yaml.comment(text))
    mismatch = group.mismatch
    summary = f"{names[0]} and {names[1]} differ in {mismatch.class_name}"
    return f"{modeline()}\n" + comments + document_text({**mismatch.smallest, "name": group.name, "summary": summary})


def describe(group: Group, names: tuple[str, str]) -> Iterator[str]:
    """Yield the lines that say what the two kernels did differently."""
    mismatch = group.mismatch
    cause = f", caused by {' or '.join(mismatch.cause)}" if mismatch.cause else ""
    times = "once" if group.count == 1 else f"{group.count} times"
    yield f"{group.name}: {mismatch.class_name}{cause}; seen {times}, first as {mismatch.document.get('name', 'drawn')}"
    for difference in mismatch.differences:
        follows = f" (follows from {difference['follows']})" if difference.get("follows") else ""
        told = Difference(*(difference[key] for key in ("class", "where", "a", "b")))
        yield f"  {told}{follows}"
    for name, execution in zip(names, (mismatch.a, mismatch.b), strict=True):
        yield f"{name}:"
        yield from (f"  {line}" for line in _outcome(execution))


def _outcome(execution: Mapping[str, Any]) -> Iterator[str]:
    outcome = execution.get("outcome")
    if outcome is None:
        yield f"{execution.get('status', 'unsteady')}: {execution.get('reason', 'came once and not again')}"
        return
    for index, move in enumerate(outcome["moves"]):
        yield f"moves[{index}]: {move['verdict']}, {move['errno'] or 'to ' + str(move['result'])}"
    for region, drawing in outcome["regions"].items():
        layout = " ".join(
            f"{vma['start']}+{vma['pages']}:{vma['prot']}{'s' if vma['sharing'] == 'shared' else 'p'}"
            for vma in outcome["mappings"]
            if vma["region"] == region
        )
        yield f'{region}: "{drawing}"  {layout}'.rstrip()
    counters = ", ".join(f"{name} {pages}p" for name, pages in outcome["counters"].items())
    yield f"counters: {counters}"
    for event in outcome["events"]:
        yield f"event: {dict(event)}"
    if outcome["kernel_log"]:
        yield "the kernel:"
        yield from (f"| {one_line(line)}" for line in outcome["kernel_log"])


def document_text(document: Mapping[str, Any]) -> str:
    """Return a document as YAML in the order and style of the shipped scenarios: one line for each letter and item."""
    return yaml.document({key: document[key] for key in _ORDER if document.get(key)})
