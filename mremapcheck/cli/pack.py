"""``mremapcheck pack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mremapcheck.base.text import shell
from mremapcheck.base.text.terminal import counted
from mremapcheck.cli.completion import versions
from mremapcheck.cli.environment import tell
from mremapcheck.cli.files import put
from mremapcheck.cli.options import Only, Paths, option
from mremapcheck.convert.export.generate import pack_of
from mremapcheck.convert.export.pack import pack_text
from mremapcheck.executors.model.reference import resolve
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.selection import select


def pack(
    paths: Paths = None,
    as_version: Annotated[
        str | None,
        option("--as", "VERSION", "The Linux it expects unless it is told otherwise.", autocompletion=versions),
    ] = None,
    only: Only = None,
    out: Annotated[Path | None, option("--output -o", "FILE", "Instead of stdout.")] = None,
) -> int:
    """Write scenarios as one C program that needs only a libc, prints KTAP and imitates any Linux: `./pack --as 6.12`.

    What each kernel does is in it: as the scenarios expect, and where one expects nothing as the model has it.
    """
    if as_version is not None:
        KernelVersion.parse(as_version)
        resolve(as_version)  # refuses what the model does not know
    packed = pack_of(select(paths or [], only or []))
    put(pack_text(packed, as_version or ""), out)
    skipped = [case for case in packed if case.skip]
    for case in skipped:
        tell(f"mremapcheck: {case.scenario.name} will be skipped: {case.skip}\n")
    if out is not None:
        tell(f"{counted(len(packed), 'scenario')} in {out}: cc -static -O1 -o pack {shell.word(out)} && ./pack\n")
    return 0
