"""The changes of the kernel's history, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mremapcheck.base.errors import NothingSelectedError
from mremapcheck.report.text import wrapped

if TYPE_CHECKING:
    from mremapcheck.executors.model.change import Change
    from mremapcheck.kernels.version import KernelVersion


def select_changes(names: Sequence[str], since: KernelVersion | None) -> list[Change]:
    """Return the changes that any of ``names`` (ids, commits) means, none given: all; of release ``since`` or later.

    Raises NothingSelectedError for a name that means no change, and where nothing is left.
    """
    from mremapcheck.executors.model.registry import CHANGES, find

    chosen = list(CHANGES)
    if names:
        wanted = set()
        for name in names:
            found = find(name)
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


def change_text(id_: str) -> str:
    """Cite a change as kernel developers do: ``commit d23cb648e365 ("mm/mremap: ..."), since 6.17-rc3``."""
    from mremapcheck.executors.model.registry import by_id

    change = by_id(id_)
    if change is None:
        return id_
    source = f"commit {change.commit} " if change.commit else ""
    return f'{source}("{change.subject}"), since {change.release}'


def change_lines(changes: Sequence[Change], markdown: bool = False, details: bool = False) -> Iterator[str]:
    """Yield a table of changes, or with ``details`` everything that is known of each."""
    if details and not markdown:
        for change in changes:
            yield from _details(change)
        return
    from tabulate import tabulate

    from mremapcheck.text.markdown import text

    rows = [(change.id, str(change.release), change.commit or "-", change.subject) for change in changes]
    if markdown:
        rows = [(text(id_), text(release), text(commit), text(subject)) for id_, release, commit, subject in rows]
    headers = ("change", "since", "commit", "subject")
    yield from tabulate(rows, headers, tablefmt="pipe" if markdown else "simple", disable_numparse=True).splitlines()


def _details(change: Change) -> Iterator[str]:
    yield change.id
    yield from _wrapped(change_text(change.id))
    if change.stable:
        yield from _wrapped(f"in stable updates: {', '.join(map(str, change.stable))}")
    if change.needs:
        yield from _wrapped(f"builds on: {', '.join(change.needs)}")
    yield from _wrapped(change.summary)
    yield from _wrapped(f"Noticed by {change.noticed_by}" if change.noticed_by else "")
    if change.dated != "by the commit":
        yield from _wrapped(f"dated {change.dated}")
    yield ""


def _wrapped(text: str) -> list[str]:
    return wrapped(text, "  ", "  ")
