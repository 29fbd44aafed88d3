"""The changes of the kernel's history, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mremapcheck.base.errors import NothingSelectedError
from mremapcheck.executors.model.evidence import COMMIT, RELEASE, evidence_of, is_certain
from mremapcheck.report.blocks import change_text
from mremapcheck.report.text import wrapped

if TYPE_CHECKING:
    from mremapcheck.executors.model.change import Change
    from mremapcheck.linux.versions.version import KernelVersion


def select_changes(names: Sequence[str], since: KernelVersion | None) -> list[Change]:
    """Return the changes that any of ``names`` means, none given: all; of release ``since`` or later.

    A name is an id, a commit, or else any part of subjects, capitals or not. Raises NothingSelectedError for one that
    means no change, and where nothing is left.
    """
    from mremapcheck.executors.model.registry import CHANGES, find

    chosen = list(CHANGES)
    if names:
        wanted = set()
        for name in names:
            found = find(name) or [change for change in CHANGES if name.lower() in change.subject.lower()]
            if not found:
                raise NothingSelectedError(f"no change is called `{name}`", _near(name, CHANGES))
            wanted |= {change.id for change in found}
        chosen = [change for change in chosen if change.id in wanted]
    if since is not None:
        chosen = [change for change in chosen if change.release >= since]
    if not chosen:
        raise NothingSelectedError(f"no change is known since {since}", f"the newest came with {CHANGES[-1].release}")
    return chosen


def _near(name: str, changes: Sequence[Change]) -> str:
    from difflib import get_close_matches

    near = [change.id for change in changes if name.lower() in f"{change.id} {change.subject}".lower()]
    near = near or get_close_matches(name, [change.id for change in changes])
    return f"did you mean {', '.join(near[:5])}?" if near else "`mremapcheck changes` lists all"


def change_lines(changes: Sequence[Change], markdown: bool = False, details: bool = False) -> Iterator[str]:
    """Yield a table of changes, or with ``details`` everything that is known of each.

    A ``?`` marks what is not certain.
    """
    if details and not markdown:
        for change in changes:
            yield from _details(change)
        return
    from tabulate import tabulate

    from mremapcheck.base.text.markdown import text

    headers = ("change", "since", "commit", "stable updates", "subject")
    rows = [
        [
            change.id,
            _marked(change, RELEASE, str(change.release)),
            _marked(change, COMMIT, change.commit or "-"),
            " ".join(_marked(change, str(update), str(update)) for update in change.stable) or "-",
            change.subject,
        ]
        for change in changes
    ]
    if markdown:
        rows = [[text(cell) for cell in row] for row in rows]
    yield from tabulate(rows, headers, tablefmt="pipe" if markdown else "simple", disable_numparse=True).splitlines()
    yield ""
    yield "? is not certain; `mremapcheck changes ID` tells the evidence"


def change_json(change: Change) -> dict[str, Any]:
    """Return a change and the evidence for each of its facts, as ``changes --format json`` has it."""
    pieces = evidence_of(change)
    return {
        **change.to_json(),
        "dated": "by the commit" if is_certain(change, RELEASE) else "by measurement",
        "certain": all(is_certain(change, piece.fact) for piece in pieces),
        "evidence": [piece.to_json() for piece in pieces],
    }


def _marked(change: Change, fact: str, value: str) -> str:
    return value if is_certain(change, fact) else f"{value}?"


def _details(change: Change) -> Iterator[str]:
    yield change.id
    yield from _wrapped(change_text(change.id))
    if change.stable:
        yield from _wrapped(f"in stable updates: {', '.join(map(str, change.stable))}")
    if change.needs:
        yield from _wrapped(f"builds on: {', '.join(change.needs)}")
    yield from _wrapped(change.summary)
    yield from _wrapped(f"Noticed by {change.noticed_by}" if change.noticed_by else "")
    yield "  Known from:"
    values = {COMMIT: change.commit or "no commit", RELEASE: str(change.release)}
    for piece in evidence_of(change):
        value = _marked(change, piece.fact, values.get(piece.fact, piece.fact))
        yield from wrapped(f"{value} ({piece.basis}): {piece.text}", "    ", "      ")
    yield ""


def _wrapped(text: str) -> list[str]:
    return wrapped(text, "  ", "  ")
