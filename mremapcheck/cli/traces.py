"""What ``import`` and ``record`` share: logs in, scenarios out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.cli.codes import GOOD, NOTHING_RAN
from mremapcheck.cli.environment import tell
from mremapcheck.cli.files import put
from mremapcheck.report.text import counted

if TYPE_CHECKING:
    from mremapcheck.convert.trace.collect import Collection
    from mremapcheck.kernels.version import KernelVersion


def read_logs(logs: Sequence[Path]) -> Collection:
    """Read strace's logs, one after the other; raises MremapcheckError for one that cannot be read."""
    from mremapcheck.convert.trace.collect import collect

    return collect(_lines(logs))


def write_scenarios(
    collection: Collection,
    name: str,
    source: str,
    out: Path | None,
    version: KernelVersion | None,
    traced: bool = False,
) -> int:
    """Write a collection's scenarios to a folder, or as one stream; tell on stderr what there was.

    ``name`` begins the names of all of them; ``source`` says where they come from. ``traced``: mremap was traced.
    """
    from mremapcheck.convert.trace.collect import documents
    from mremapcheck.text import yaml

    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "trace"
    found = documents(collection, source, stem, version)
    _tell(collection, len(found), source, traced)
    if not found:
        return NOTHING_RAN
    if out is None:
        put("---\n".join(yaml.document({"name": title, **document}) for title, document in found.items()), None)
        return GOOD
    taken = [path for path in (out / f"{title}.yaml" for title in found) if path.exists()]
    if taken:
        raise MremapcheckError(f"{taken[0]} is there already", "give another folder, or remove what is in this one")
    for title, document in found.items():
        put(yaml.document(document), out / f"{title}.yaml")
    tell(
        f"{counted(len(found), 'scenario')} in {out}/. Will the program notice a new kernel?\n"
        f"  mremapcheck compare --kernel 6.16 6.17 {out}\n"
    )
    return GOOD


def _lines(logs: Sequence[Path]) -> Iterator[str]:
    for log in logs:
        if str(log) == "-":
            yield from sys.stdin
            continue
        try:
            with log.open(encoding="utf-8", errors="replace") as file:
                yield from file
        except OSError as error:
            hint = "give what `strace -f -y -o LOG` wrote; - is standard input"
            raise MremapcheckError(f"{log} cannot be read: {error.strerror}", hint) from None


def _tell(collection: Collection, kept: int, source: str, traced: bool) -> None:
    reading = collection.reading
    if not reading.moves:
        hint = "is it what strace writes, with `-f -o LOG`?"
        if traced:
            hint = "it made none: big buffers have to grow, or a mapped file, before a program calls mremap"
        elif reading.calls:
            hint = "it made none, or was traced without `-e trace=mremap`"
        tell(f"mremapcheck: no mremap among {counted(reading.calls, 'call')} in {source}\n  hint: {hint}\n")
        return
    come = "comes" if reading.moves == 1 else "come"
    tell(f"{counted(reading.moves, 'mremap call')} in {source} {come} down to {counted(kept, 'scenario')}\n")
    for count, why in (
        (reading.unreadable, "calls could not be read, and were passed over"),
        (collection.too_large, f"mremap calls are too large to be drawn: {', '.join(sorted(collection.reasons))}"),
    ):
        if count:
            tell(f"mremapcheck: {count} {why}\n")
